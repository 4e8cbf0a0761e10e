#include "analysis/specificity.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/divide_up.hpp"
#include "core/parallel.hpp"
#include "kernels/kernels.hpp"

namespace attn::analysis {
namespace {

constexpr std::size_t kKeysOfItem = 128;

double sum_logs(const std::vector<double>& p) {
    return kernels<double>().sum_logs(p.data(), p.size());
}

template <class T>
std::vector<double> sums_of_rows(MatrixView<const T> rows) {
    std::vector<double> sums(rows.rows);
    parallel_for(rows.rows, [&](std::size_t row) {
        for (const T cell : rows.row(row)) sums[row] += static_cast<double>(cell);
    });
    return sums;
}

// Of the rows that are counted, each divided by its sum.
template <class T>
std::vector<double> mean_of_rows(MatrixView<const T> rows, const std::vector<std::size_t>& counted,
                                 const std::vector<double>& sums) {
    std::vector<double> mean(rows.columns);
    parallel_for(divide_up(rows.columns, kKeysOfItem), [&](std::size_t item) {
        const std::size_t first = item * kKeysOfItem;
        const std::size_t end = std::min(first + kKeysOfItem, rows.columns);
        for (std::size_t i = 0; i < counted.size(); ++i) {
            const Span<const T> row = rows.row(counted[i]);
            for (std::size_t key = first; key < end; ++key)
                mean[key] += static_cast<double>(row[key]) / sums[i];
        }
        for (std::size_t key = first; key < end; ++key)
            mean[key] /= static_cast<double>(counted.size());
    });
    return mean;
}

}  // namespace

template <class T>
std::optional<double> specificity(MatrixView<const T> rows) {
    const std::vector<double> all_sums = sums_of_rows(rows);
    std::vector<double> sums;
    std::vector<std::size_t> counted;
    for (std::size_t row = 0; row < rows.rows; ++row) {
        if (!(all_sums[row] > 0)) continue;
        sums.push_back(all_sums[row]);
        counted.push_back(row);
    }
    if (counted.size() < 2) return std::nullopt;
    const std::vector<double> mean = mean_of_rows(rows, counted, sums);
    const double of_mean = sum_logs(mean);
    std::vector<double> of_row(counted.size());
    parallel_for(counted.size(), [&](std::size_t i) {
        const Span<const T> row = rows.row(counted[i]);
        std::vector<double> p(rows.columns), middle(rows.columns);
        for (std::size_t key = 0; key < rows.columns; ++key) {
            p[key] = static_cast<double>(row[key]) / sums[i];
            middle[key] = (p[key] + mean[key]) / 2;
        }
        // JS(p, q) is the entropy of their middle less the mean of their own.
        of_row[i] = std::max(0.0, (sum_logs(p) + of_mean) / 2 - sum_logs(middle));
    });
    double sum = 0;
    for (const double one : of_row) sum += one;
    return sum / static_cast<double>(of_row.size()) / std::log(2.0);
}

template std::optional<double> specificity(MatrixView<const float>);
template std::optional<double> specificity(MatrixView<const double>);

}  // namespace attn::analysis
