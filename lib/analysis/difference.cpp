#include "analysis/difference.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

namespace attn::analysis {
namespace {

// Numbers in the order of their size, without gaps: neighbours differ by one.
template <class T>
double steps_of(T value) {
    using Bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
    Bits bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    const double place = static_cast<double>(bits & std::numeric_limits<Bits>::max());
    return bits < 0 ? -place : place;
}

template <class T>
double ulps(T a, T b) {
    return std::abs(steps_of(a) - steps_of(b));
}

bool close(double a, double b, const Tolerance& tolerance) {
    if (a == b) return true;
    return std::isfinite(a) && std::isfinite(b) &&
           std::abs(a - b) <= tolerance.atol + tolerance.rtol * std::abs(b);
}

// A NaN once seen stays.
void raise(double& worst, double value) {
    if (!(value <= worst)) worst = value;
}

template <class T>
double row_divergence(Span<const T> a, Span<const T> b) {
    double sum = 0;
    for (std::size_t key = 0; key < a.size(); ++key) {
        const auto p = static_cast<double>(a[key]);
        if (p > 0) sum += p * std::log(p / static_cast<double>(b[key]));
    }
    return sum;
}

}  // namespace

template <class T>
Difference compare(MatrixView<const T> a, MatrixView<const T> b, const Tolerance& tolerance) {
    assert(a.rows == b.rows && a.columns == b.columns);
    Difference result;
    double dot = 0, a_squares = 0, b_squares = 0;
    result.cells = a.rows * a.columns;
    for (std::size_t row = 0; row < a.rows; ++row) {
        for (std::size_t column = 0; column < a.columns; ++column) {
            const T left = a.row(row)[column];
            const T right = b.row(row)[column];
            const auto x = static_cast<double>(left);
            const auto y = static_cast<double>(right);
            if (!close(x, y, tolerance)) {
                ++result.differing;
                if (!result.first) result.first = {row, column};
            }
            if (std::isfinite(x) && std::isfinite(y)) {
                dot += x * y;
                a_squares += x * x;
                b_squares += y * y;
            }
            if (left == right) continue;
            raise(result.max_abs, std::abs(x - y));
            if (y != 0) raise(result.max_rel, std::abs(x - y) / std::abs(y));
            raise(result.max_ulp, ulps(left, right));
        }
        result.mean_kl += row_divergence(a.row(row), b.row(row)) / static_cast<double>(a.rows);
    }
    result.cosine = dot / std::sqrt(a_squares * b_squares);
    return result;
}

template Difference compare(MatrixView<const float>, MatrixView<const float>, const Tolerance&);
template Difference compare(MatrixView<const double>, MatrixView<const double>, const Tolerance&);

}  // namespace attn::analysis
