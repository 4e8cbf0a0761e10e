#include "analysis/specificity.hpp"

#include <cmath>
#include <vector>

#include "core/parallel.hpp"

namespace attn::analysis {
namespace {

// The part of JS(p, q) * 2 that one cell of each has.
double divergence(double p, double q) {
    const double middle = (p + q) / 2;
    double sum = 0;
    if (p > 0) sum += p * std::log(p / middle);
    if (q > 0) sum += q * std::log(q / middle);
    return sum;
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
    std::vector<double> of_row(counted.size());
    parallel_for(counted.size(), [&](std::size_t i) {
        double sum = 0;
        for (std::size_t key = 0; key < rows.columns; ++key)
            sum += divergence(static_cast<double>(rows.row(counted[i])[key]) / sums[i], mean[key]);
        of_row[i] = sum / 2;
    });
    double sum = 0;
    for (const double one : of_row) sum += one;
    return sum / static_cast<double>(of_row.size()) / std::log(2.0);
}

template std::optional<double> specificity(MatrixView<const float>);
template std::optional<double> specificity(MatrixView<const double>);

}  // namespace attn::analysis
