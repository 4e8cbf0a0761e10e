#include "analysis/difference.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace attn::analysis {
namespace {

struct Precision {
    int bits;            // of the fraction
    int least_exponent;  // of normal numbers
};

Precision precision_of(DType grain) {
    switch (grain) {
        case DType::float16:
            return {10, -14};
        case DType::bfloat16:
            return {7, -126};
        default:
            return {23, -126};
    }
}

// The number of the step that a value stands on, counted from zero; exact for up to 30 bits.
double place(double value, Precision precision) {
    const double size = std::abs(value);
    if (!(size > 0) || std::isinf(size)) return value;
    const int exponent = std::max(std::ilogb(size), precision.least_exponent);
    const double steps = std::ldexp(size, precision.bits - exponent) +
                         std::ldexp(exponent - precision.least_exponent, precision.bits);
    return std::copysign(steps, value);
}

double float64_steps(double a, double b) {
    const auto magnitude = [](double value) {
        const double size = std::abs(value);
        std::uint64_t bits = 0;
        std::memcpy(&bits, &size, sizeof bits);
        return bits;
    };
    const std::uint64_t x = magnitude(a), y = magnitude(b);
    const bool same_side = std::signbit(a) == std::signbit(b);
    return static_cast<double>(same_side ? std::max(x, y) - std::min(x, y) : x + y);
}

bool close(double a, double b, const Tolerance& tolerance) {
    if (a == b) return true;
    return std::isfinite(a) && std::isfinite(b) &&
           std::abs(a - b) <= tolerance.atol + tolerance.rtol * std::abs(b);
}

// A NaN once seen stays.
void keep_larger(double& worst, double value) {
    if (!std::isnan(worst) && !(value <= worst)) worst = value;
}

// Σ p ln(p / q) - p + q: the Kullback-Leibler divergence, and not negative either where rounding
// left rows that do not sum to one (Csiszár 1975). NaN for what is no weight.
template <class T>
double row_divergence(Span<const T> a, Span<const T> b) {
    double sum = 0;
    for (std::size_t key = 0; key < a.size(); ++key) {
        const auto p = static_cast<double>(a[key]);
        const auto q = static_cast<double>(b[key]);
        if (!(p >= 0) || !(q >= 0)) return std::nan("");
        if (p == q) continue;
        sum += (p > 0 ? p * std::log(p / q) : 0) - p + q;
    }
    return std::max(sum, 0.0);
}

}  // namespace

double ulps(double a, double b, DType grain) {
    if (grain == DType::float64 && !std::isnan(a) && !std::isnan(b)) return float64_steps(a, b);
    const Precision precision = precision_of(grain);
    return std::abs(place(a, precision) - place(b, precision));
}

template <class T>
RowDifference compare_rows(Span<const T> a, Span<const T> b, const Tolerance& tolerance,
                           DType grain) {
    assert(a.size() == b.size());
    RowDifference row;
    for (std::size_t column = 0; column < a.size(); ++column) {
        const auto x = static_cast<double>(a[column]);
        const auto y = static_cast<double>(b[column]);
        if (!close(x, y, tolerance)) {
            ++row.differing;
            if (!row.first) row.first = column;
        }
        if (std::isfinite(x) && std::isfinite(y)) {
            row.dot += x * y;
            row.a_squares += x * x;
            row.b_squares += y * y;
        }
        if (x == y) continue;
        keep_larger(row.max_abs, std::abs(x - y));
        keep_larger(row.max_rel, std::abs(x - y) / std::abs(y));
        keep_larger(row.max_ulp, ulps(x, y, grain));
    }
    row.divergence = row_divergence(a, b);
    return row;
}

Difference fold(const std::vector<RowDifference>& rows, std::size_t columns) {
    Difference result;
    result.cells = rows.size() * columns;
    double dot = 0, a_squares = 0, b_squares = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const RowDifference& row = rows[i];
        result.differing += row.differing;
        if (row.first && !result.first) result.first = {i, *row.first};
        keep_larger(result.max_abs, row.max_abs);
        keep_larger(result.max_rel, row.max_rel);
        keep_larger(result.max_ulp, row.max_ulp);
        dot += row.dot;
        a_squares += row.a_squares;
        b_squares += row.b_squares;
        result.mean_kl += row.divergence / static_cast<double>(rows.size());
    }
    // Rows of NaN have no direction; the others alone would not tell of them.
    result.cosine =
        std::isnan(result.max_abs) ? result.max_abs : dot / std::sqrt(a_squares * b_squares);
    return result;
}

void save(const Difference& values, ByteWriter& to) {
    for (const double value :
         {values.max_abs, values.max_rel, values.max_ulp, values.cosine, values.mean_kl})
        to.put(value);
    to.put(values.cells);
    to.put(values.differing);
    to.put(values.first.has_value());
    if (!values.first) return;
    to.put(values.first->first);
    to.put(values.first->second);
}

void restore(Difference& values, ByteReader& from) {
    for (double* value :
         {&values.max_abs, &values.max_rel, &values.max_ulp, &values.cosine, &values.mean_kl})
        from.take(*value);
    from.take(values.cells);
    from.take(values.differing);
    bool differs = false;
    from.take(differs);
    values.first = std::nullopt;
    if (!differs) return;
    values.first.emplace();
    from.take(values.first->first);
    from.take(values.first->second);
}

template <class T>
Difference compare(MatrixView<const T> a, MatrixView<const T> b, const Tolerance& tolerance,
                   DType grain) {
    assert(a.rows == b.rows && a.columns == b.columns);
    std::vector<RowDifference> rows;
    for (std::size_t row = 0; row < a.rows; ++row)
        rows.push_back(compare_rows<T>(a.row(row), b.row(row), tolerance, grain));
    return fold(rows, a.columns);
}

template RowDifference compare_rows(Span<const float>, Span<const float>, const Tolerance&, DType);
template RowDifference compare_rows(Span<const double>, Span<const double>, const Tolerance&,
                                    DType);
template Difference compare(MatrixView<const float>, MatrixView<const float>, const Tolerance&,
                            DType);
template Difference compare(MatrixView<const double>, MatrixView<const double>, const Tolerance&,
                            DType);

}  // namespace attn::analysis
