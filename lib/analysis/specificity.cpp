#include "analysis/specificity.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/parallel.hpp"
#include "kernels/kernels.hpp"

namespace attn::analysis {
namespace {

double sum_logs(const std::vector<double>& p) {
    return kernels<double>().sum_logs(p.data(), p.size());
}

}  // namespace

template <class T>
std::optional<double> specificity(MatrixView<const T> rows) {
    std::vector<double> sums;
    std::vector<std::size_t> counted;
    std::vector<double> mean(rows.columns);
    for (std::size_t row = 0; row < rows.rows; ++row) {
        double sum = 0;
        for (const T cell : rows.row(row)) sum += static_cast<double>(cell);
        if (!(sum > 0)) continue;
        sums.push_back(sum);
        counted.push_back(row);
        for (std::size_t key = 0; key < rows.columns; ++key)
            mean[key] += static_cast<double>(rows.row(row)[key]) / sum;
    }
    if (counted.size() < 2) return std::nullopt;
    for (double& cell : mean) cell /= static_cast<double>(counted.size());
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
