#include "analysis/row_sum_cause.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "analysis/decimal_values.hpp"
#include "analysis/half_values.hpp"
#include "analysis/second_softmax.hpp"

namespace attn::analysis {
namespace {

struct Sums {
    std::vector<double> rows;
    std::vector<double> columns;
    double zeros = 0;  // cells that are exactly 0 although later keys of the row are not
    double cells = 0;  // cells before the last one of a row that is not 0

    template <class T>
    explicit Sums(MatrixView<const T> weights) : rows(weights.rows), columns(weights.columns) {
        for (std::size_t row = 0; row < weights.rows; ++row) {
            const Span<const T> values = weights.row(row);
            std::size_t last = values.size();
            while (last > 0 && values[last - 1] == 0) --last;
            for (std::size_t key = 0; key < last; ++key) {
                rows[row] += static_cast<double>(values[key]);
                columns[key] += static_cast<double>(values[key]);
                zeros += values[key] == 0;
            }
            cells += static_cast<double>(last);
        }
    }
};

bool all_near_one(const std::vector<double>& sums, double atol) {
    return std::all_of(sums.begin(), sums.end(),
                       [&](double sum) { return std::abs(sum - 1) <= atol; });
}

// Dropout with probability p leaves zeros in a share p of the cells and multiplies the others with
// 1 / (1 - p): nearly every sum is off, and they scatter around one. Masks leave zeros, too, but
// sums of one or, without any key, of zero.
std::string dropout(const Sums& sums, double atol) {
    const double p = sums.zeros / std::max(1.0, sums.cells);
    if (p < 0.005 || p > 0.95) return "";
    const auto rows = static_cast<double>(sums.rows.size());
    double mean = 0, variance = 0;
    for (const double sum : sums.rows) mean += sum / rows;
    for (const double sum : sums.rows) variance += (sum - mean) * (sum - mean) / rows;
    const double chance = 3 * std::sqrt(variance / rows);  // how far few rows may be by luck
    const auto [low, high] = std::minmax_element(sums.rows.begin(), sums.rows.end());
    if (std::abs(mean - 1) > std::max(0.2, chance) || *low > 1 - atol || *high < 1 + atol)
        return "";
    const auto off = std::count_if(sums.rows.begin(), sums.rows.end(),
                                   [&](double sum) { return std::abs(sum - 1) > atol; });
    if (2 * static_cast<std::size_t>(off) < sums.rows.size()) return "";
    char text[160];
    std::snprintf(text, sizeof text,
                  "dropout was left on (about p = %.2g: exact zeros, and sums on both sides of 1); "
                  "switch the model to evaluation",
                  p);
    return text;
}

// Every row that is not all zeros has the same sum, and that is a whole number or one part of it.
std::string multiple(const Sums& sums) {
    double sum = 0;
    for (const double row : sums.rows) {
        if (row == 0) continue;
        if (sum == 0) sum = row;
        if (!(std::abs(row - sum) <= 1e-3 * sum)) return "";
    }
    const double times = sum > 1 ? sum : 1 / sum;
    const double whole = std::round(times);
    if (!(whole >= 2 && whole <= 1e6 && std::abs(times - whole) <= 1e-3 * whole)) return "";
    const std::string count = std::to_string(static_cast<long long>(whole));
    if (whole == 100 && sum > 1) return "every sum is 100: the weights are per cent";
    return sum > 1 ? "every sum is " + count + ": " + count + " heads were added up, not averaged"
                   : "every sum is 1/" + count + ": averaged over " + count + " once too often";
}

}  // namespace

template <class T>
std::string name_row_sum_cause(MatrixView<const T> weights, double atol) {
    const Sums sums(weights);
    const auto rounding = [&] { return half_rounding_of_sum(weights); };
    if (all_near_one(sums.columns, atol) || all_near_one(sums.columns, atol + rounding())) {
        return "the columns sum to 1: the matrix is transposed, or softmax ran over the queries";
    }
    const double highest = *std::max_element(sums.rows.begin(), sums.rows.end());
    const double lowest = *std::min_element(sums.rows.begin(), sums.rows.end());
    if (lowest == 0 && highest == 0) return "this head has no weight at all";
    std::vector<T> values;
    for (std::size_t row = 0; row < weights.rows; ++row)
        values.insert(values.end(), weights.row(row).begin(), weights.row(row).end());
    const Span<const T> all(values.data(), values.size());
    const double off = std::max(highest - 1, 1 - lowest);
    constexpr double kRounding = 0.05;
    const std::string half = off < kRounding ? half_precision_of(all) : "";
    if (!half.empty() && off <= rounding())
        return "the values are " + half + ": rounding; allow for it with --atol";
    if (!half.empty())
        return "the values are " + half +
               ", whose rounding alone would be less: was softmax computed in it?";
    const int decimals = decimals_of(all);
    if (decimals > 0 && off <= decimal_rounding_of_sum(weights))
        return "the values have " + std::to_string(decimals) +
               " decimals: rounding; allow for it with --atol";
    std::string repeated = multiple(sums);
    if (!repeated.empty()) return repeated;
    if (looks_softmaxed_twice(weights)) {
        return "softmax ran twice: the weights are exp of weights over their sum, and the mask "
               "came last";
    }
    std::string dropped = dropout(sums, atol);
    if (!dropped.empty()) return dropped;
    if (highest < 1 - atol) {
        return "every sum of this head is below 1: a sink column was dropped after softmax, or "
               "keys were cut "
               "off";
    }
    return "";
}

template std::string name_row_sum_cause(MatrixView<const float>, double);
template std::string name_row_sum_cause(MatrixView<const double>, double);

}  // namespace attn::analysis
