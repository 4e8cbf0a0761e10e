#include "attention/approx/quantiser.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/divide_up.hpp"
#include "core/significand.hpp"

namespace attn::approx {
namespace {

// Groups are rectangles of this size; the last of a row or column may be smaller.
struct GroupSize {
    std::size_t rows;
    std::size_t columns;
};

GroupSize group_size(const QuantRule& rule, std::size_t rows, std::size_t columns) {
    constexpr std::size_t kBlockRows = 64;
    const auto or_all = [&](std::size_t all) {
        return std::max<std::size_t>(1, rule.group == 0 ? all : std::min(rule.group, all));
    };
    switch (rule.axis) {
        case QuantAxis::token:
            return {1, or_all(columns)};
        case QuantAxis::channel:
            return {or_all(rows), 1};
        case QuantAxis::block:
            return {rule.group == 0 ? kBlockRows : rule.group, std::max<std::size_t>(1, columns)};
        case QuantAxis::tensor:
            break;
    }
    return {std::max<std::size_t>(1, rows), std::max<std::size_t>(1, columns)};
}

struct Ends {
    double least = std::numeric_limits<double>::infinity();
    double most = -std::numeric_limits<double>::infinity();
    double magnitude() const { return std::max(std::abs(least), std::abs(most)); }
};

double round_to_even(double x) {
    return round_to_multiple(x, 1);
}

double as_integer(const QuantRule& rule, const Ends& ends, double x) {
    if (rule.symmetric) {
        const double steps = std::ldexp(1.0, static_cast<int>(rule.bits) - 1) - 1;
        const double scale = ends.magnitude() / steps;
        if (scale == 0) return x;
        return scale * std::clamp(round_to_even(x / scale), -steps, steps);
    }
    const double steps = std::ldexp(1.0, static_cast<int>(rule.bits)) - 1;
    const double scale = (ends.most - ends.least) / steps;
    if (scale == 0) return x;
    return scale * std::clamp(round_to_even((x - ends.least) / scale), 0.0, steps) + ends.least;
}

double as_fp8(const Ends& ends, double x) {
    constexpr double kLargest = 448;
    const double scale = ends.magnitude() / kLargest;
    if (scale == 0) return x;
    const double rounded = round_to_multiple(x / scale, significand_step(x / scale, 3, -6));
    return scale * std::clamp(rounded, -kLargest, kLargest);
}

double as_fp16(double x) {
    constexpr double kBeyond = 65520;  // what rounds to more than the largest, 65504
    if (std::abs(x) >= kBeyond) return std::copysign(std::numeric_limits<double>::infinity(), x);
    return round_to_multiple(x, significand_step(x, 10, -14));
}

// The 16 values of QLoRA's appendix E: quantiles of a normal distribution, the largest 1.
constexpr std::array<double, 16> kNormalFloats{
    -1.0,
    -0.6961928009986877,
    -0.5250730514526367,
    -0.39491748809814453,
    -0.28444138169288635,
    -0.18477343022823334,
    -0.09105003625154495,
    0.0,
    0.07958029955625534,
    0.16093020141124725,
    0.24611230194568634,
    0.33791524171829224,
    0.44070982933044434,
    0.5626170039176941,
    0.7229568362236023,
    1.0,
};

double as_normal_float(const Ends& ends, double x) {
    const double scale = ends.magnitude();
    if (scale == 0) return x;
    const double share = x / scale;
    const auto above = std::lower_bound(kNormalFloats.begin() + 1, kNormalFloats.end() - 1, share);
    const double low = *(above - 1), high = *above;
    return scale * (share - low <= high - share ? low : high);
}

double quantised(const QuantRule& rule, const Ends& ends, double x) {
    if (!std::isfinite(x)) return x;
    switch (rule.kind) {
        case QuantKind::fp8:
            return as_fp8(ends, x);
        case QuantKind::fp16:
            return as_fp16(x);
        case QuantKind::bf16:
            return round_to_multiple(x, significand_step(x, 7, -126));
        case QuantKind::nf4:
            return as_normal_float(ends, x);
        case QuantKind::integer:
            break;
    }
    return as_integer(rule, ends, x);
}

struct Places {
    std::size_t begin, end;
};

// The numbers of a group that are quantised, in their order.
std::vector<double*> not_outliers(const QuantRule& rule, Matrix<double>& matrix, Places rows,
                                  Places columns) {
    std::vector<double*> numbers;
    for (std::size_t i = rows.begin; i < rows.end; ++i) {
        for (std::size_t c = columns.begin; c < columns.end; ++c)
            numbers.push_back(&matrix.at(i, c));
    }
    const auto out =
        static_cast<std::ptrdiff_t>(rule.outliers * static_cast<double>(numbers.size()));
    if (out == 0) return numbers;
    std::stable_sort(numbers.begin(), numbers.end(),
                     [](const double* a, const double* b) { return std::abs(*a) > std::abs(*b); });
    numbers.erase(numbers.begin(), numbers.begin() + out);
    return numbers;
}

}  // namespace

std::uint64_t outlier_count(const QuantRule& rule, std::size_t rows, std::size_t columns) {
    const GroupSize size = group_size(rule, rows, columns);
    std::uint64_t count = 0;
    for (std::size_t row = 0; row < rows; row += size.rows) {
        for (std::size_t column = 0; column < columns; column += size.columns) {
            const std::size_t numbers =
                std::min(size.rows, rows - row) * std::min(size.columns, columns - column);
            count += static_cast<std::uint64_t>(rule.outliers * static_cast<double>(numbers));
        }
    }
    return count;
}

void quantise(const QuantRule& rule, Matrix<double>& matrix, std::size_t rows) {
    rows = std::min(rows, matrix.rows);
    const GroupSize size = group_size(rule, rows, matrix.columns);
    for (std::size_t row = 0; row < rows; row += size.rows) {
        const std::size_t row_end = std::min(row + size.rows, rows);
        for (std::size_t column = 0; column < matrix.columns; column += size.columns) {
            const std::size_t column_end = std::min(column + size.columns, matrix.columns);
            const std::vector<double*> numbers =
                not_outliers(rule, matrix, {row, row_end}, {column, column_end});
            Ends ends;
            for (const double* x : numbers) {
                ends.least = std::min(ends.least, *x);
                ends.most = std::max(ends.most, *x);
            }
            for (double* x : numbers) *x = quantised(rule, ends, *x);
        }
    }
}

std::uint64_t quantised_bytes(const QuantRule& rule, std::size_t rows, std::size_t columns) {
    const std::uint64_t elements = static_cast<std::uint64_t>(rows) * columns;
    if (rule.kind == QuantKind::fp16 || rule.kind == QuantKind::bf16) return 2 * elements;
    const GroupSize size = group_size(rule, rows, columns);
    const std::uint64_t groups =
        static_cast<std::uint64_t>(divide_up(rows, size.rows)) * divide_up(columns, size.columns);
    if (rule.kind == QuantKind::fp8) return elements + 4 * groups;
    if (rule.kind == QuantKind::nf4) return elements / 2 + 4 * groups;
    return elements * rule.bits / 8 + (rule.symmetric ? 4 : 8) * groups;
}

}  // namespace attn::approx
