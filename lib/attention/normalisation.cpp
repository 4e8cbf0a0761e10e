#include "attention/normalisation.hpp"

#include <algorithm>
#include <cmath>

#include "core/divide_up.hpp"
#include "core/magnitude.hpp"
#include "core/parallel.hpp"

namespace attn {
namespace {

// Sums are double whatever T is: a row is short, and the error of a mean would be in all of it.
struct Moments {
    double mean = 0;
    double squares = 0;  // of the distances from the mean, summed up
};

// Mean and spread of the values times `unit`.
template <class T>
Moments moments_of(Span<const T> x, NormKind kind, double unit) {
    Moments moments;
    if (kind == NormKind::layer) {
        for (const T value : x) moments.mean += static_cast<double>(value) * unit;
        moments.mean /= static_cast<double>(x.size());
    }
    for (const T value : x) {
        const double centred = static_cast<double>(value) * unit - moments.mean;
        moments.squares += centred * centred;
    }
    return moments;
}

template <class T>
void normalise_row(Span<const T> x, const Norm<T>& norm, T* to) {
    const auto width = static_cast<double>(x.size());
    double unit = 1;
    Moments moments = moments_of(x, norm.kind, unit);
    if (!std::isfinite(moments.squares)) {
        // Squares leave the range of double long before the values do, and a factor of 0 would make
        // zeros of them all.
        const auto largest = static_cast<double>(largest_magnitude(x.data(), x.size()));
        if (is_finite(largest)) unit = 1 / largest;
        moments = moments_of(x, norm.kind, unit);
    }
    const double factor = 1 / std::sqrt(moments.squares / width + norm.epsilon * unit * unit);
    for (std::size_t i = 0; i < x.size(); ++i) {
        double value = (static_cast<double>(x[i]) * unit - moments.mean) * factor;
        if (!norm.weight.empty())
            value *= static_cast<double>(norm.weight.data()[i]) + norm.weight_plus;
        if (!norm.bias.empty()) value += static_cast<double>(norm.bias.data()[i]);
        to[i] = static_cast<T>(value);
    }
}

}  // namespace

template <class T>
Array<T> normalise(const Array<T>& x, const Norm<T>& norm) {
    if (norm.kind == NormKind::none) return x;
    const std::size_t width = x.shape().back();
    assert(norm.weight.empty() || norm.weight.size() == width);
    assert(norm.bias.empty() || norm.bias.size() == width);
    constexpr std::size_t kRows = 64;
    const std::size_t rows = x.size() / width;
    std::vector<T> values(x.size());
    parallel_for(divide_up(rows, kRows), [&](std::size_t block) {
        const std::size_t end = std::min(rows, (block + 1) * kRows);
        for (std::size_t row = block * kRows; row < end; ++row)
            normalise_row({x.data() + row * width, width}, norm, values.data() + row * width);
    });
    return Array<T>(x.shape(), std::move(values));
}

template Array<float> normalise(const Array<float>&, const Norm<float>&);
template Array<double> normalise(const Array<double>&, const Norm<double>&);

}  // namespace attn
