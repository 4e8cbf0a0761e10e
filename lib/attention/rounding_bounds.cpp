#include "attention/rounding_bounds.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace attn {
namespace {

double norm(Span<const double> row) {
    double squares = 0;
    for (const double value : row) squares += value * value;
    return std::sqrt(squares);
}

std::vector<double> norms(const Array<double>& matrix) {
    std::vector<double> all;
    for (std::size_t row = 0; row < matrix.extent(0); ++row)
        all.push_back(norm(matrix.matrix().row(row)));
    return all;
}

}  // namespace

double rounding_of_sum(std::size_t n, double unit_roundoff) {
    const auto terms = static_cast<double>(n);
    return std::min(terms, 10 * std::sqrt(terms)) * unit_roundoff;
}

template <class T>
HeadBounds rounding_bounds(const DefinedHead<double>& head) {
    constexpr double computations = std::is_same_v<T, double> ? 2 : 1;
    constexpr double u = computations * static_cast<double>(std::numeric_limits<T>::epsilon()) / 2;
    // Exponentials below this are zeros.
    constexpr auto lost = static_cast<double>(std::numeric_limits<T>::min());
    const std::size_t queries = head.weights.extent(0), keys = head.weights.extent(1),
                      width = head.v.extent(1);
    // The bound of a product of a query and a key: its terms, their turns (6), the scale and its
    // product.
    const double of_product = rounding_of_sum(head.q.extent(1) + 9, u);
    // The bound of a row: the sum of its exponentials.
    const double of_sum = rounding_of_sum(keys, u);
    const std::vector<double> q = norms(head.q), k = norms(head.k);

    std::vector<double> scaled(queries * keys), softcapped(queries * keys), scores(queries * keys),
        weights(queries * keys), context(queries * width);
    for (std::size_t i = 0; i < queries; ++i) {
        double worst = 0, high = -std::numeric_limits<double>::infinity();
        for (std::size_t cell = i * keys; cell < (i + 1) * keys; ++cell) {
            // Cauchy and Schwarz: no sum of magnitudes is larger than the product of the norms.
            scaled[cell] = of_product * std::abs(head.scale) * q[i] * k[cell - i * keys];
            const double capped = std::abs(head.softcapped.data()[cell]);
            // A tanh is good to a few units, its slope is 1 at most.
            softcapped[cell] = scaled[cell] + 8 * u * std::abs(head.scaled.data()[cell]);
            // Four sums and the product of a slope.
            scores[cell] = softcapped[cell] + 5 * u * (capped + head.added.data()[cell]);
            if (head.may_attend[cell] == 0) continue;
            worst = std::max(worst, scores[cell]);
            high = std::max(high, head.scores.data()[cell]);
        }
        for (std::size_t key = 0; key < keys; ++key) {
            const std::size_t cell = i * keys + key;
            if (head.may_attend[cell] == 0) continue;
            // exp(score - high) / sum: those of its own score, of the others in the sum, of the
            // difference, and twelve units of the exponentials, their factors and the quotient.
            const double relative = std::expm1(scores[cell] + worst + of_sum + 12 * u +
                                               u * (high - head.scores.data()[cell]));
            const double weight = head.weights.data()[cell];
            weights[cell] = weight > 0 ? weight * relative + lost : lost;
            const double of_term = weights[cell] + (of_sum + 4 * u) * weight;
            for (std::size_t column = 0; column < width; ++column)
                context[i * width + column] +=
                    of_term * std::abs(head.v.data()[key * width + column]);
        }
    }
    const Shape cells{queries, keys};
    return {{cells, std::move(scaled)},
            {cells, std::move(softcapped)},
            {cells, std::move(scores)},
            {cells, std::move(weights)},
            {{queries, width}, std::move(context)}};
}

template HeadBounds rounding_bounds<float>(const DefinedHead<double>&);
template HeadBounds rounding_bounds<double>(const DefinedHead<double>&);

}  // namespace attn
