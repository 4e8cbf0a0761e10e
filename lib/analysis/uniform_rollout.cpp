#include "analysis/uniform_rollout.hpp"

#include "core/parallel.hpp"

namespace attn::analysis {

template <class T>
UniformLayer::UniformLayer(const LayerHeads<T>& heads, const RolloutOptions& options)
    : rows_(heads.queries()) {
    parallel_for(rows_.size(), [&](std::size_t query) {
        Row& row = rows_[query];
        row.cells = allowed_cells(heads, query);
        const std::size_t count = row.cells.count();
        if (count > 0) {
            row.each = (1 - options.residual) / static_cast<double>(count);
            row.own = options.residual;
            return;
        }
        const bool whole = options.renormalise == Renormalise::before ||
                           (options.renormalise == Renormalise::after && options.residual > 0);
        row.own = whole ? 1 : options.residual;
    });
}

std::vector<double> UniformLayer::times_layer(const std::vector<double>& row) const {
    // Each query adds one number to a range of keys: only where it begins and ends is written down.
    std::vector<double> steps(row.size() + 1), result(row.size());
    for (std::size_t query = 0; query < rows_.size(); ++query) {
        const Row& of = rows_[query];
        result[query] += row[query] * of.own;
        const double each = row[query] * of.each;
        if (each == 0) continue;
        const KeyRange range = of.cells.range;
        if (of.cells.blocked.empty()) {
            steps[range.begin] += each;
            steps[range.end] -= each;
            continue;
        }
        for (std::size_t key = range.begin; key < range.end; ++key) {
            if (of.cells.has(key)) result[key] += each;
        }
    }
    double level = 0;
    for (std::size_t key = 0; key < result.size(); ++key) result[key] += level += steps[key];
    return result;
}

std::vector<double> UniformLayer::layer_times(const std::vector<double>& column) const {
    std::vector<double> sums(column.size() + 1), result(column.size());
    for (std::size_t key = 0; key < column.size(); ++key) sums[key + 1] = sums[key] + column[key];
    for (std::size_t query = 0; query < rows_.size(); ++query) {
        const Row& of = rows_[query];
        const KeyRange range = of.cells.range;
        double sum = sums[range.end] - sums[range.begin];
        if (!of.cells.blocked.empty()) {
            sum = 0;
            for (std::size_t key = range.begin; key < range.end; ++key) {
                if (of.cells.has(key)) sum += column[key];
            }
        }
        result[query] = of.each * sum + of.own * column[query];
    }
    return result;
}

template <class T>
Matrix<T> lift_of(const Matrix<T>& rollout, const Matrix<double>& uniform) {
    Matrix<T> lift(rollout.rows, rollout.columns);
    for (std::size_t i = 0; i < lift.values.size(); ++i) {
        const double base = uniform.values[i];
        if (base > 0)
            lift.values[i] = static_cast<T>(static_cast<double>(rollout.values[i]) / base);
    }
    return lift;
}

template UniformLayer::UniformLayer(const LayerHeads<float>&, const RolloutOptions&);
template UniformLayer::UniformLayer(const LayerHeads<double>&, const RolloutOptions&);
template Matrix<float> lift_of(const Matrix<float>&, const Matrix<double>&);
template Matrix<double> lift_of(const Matrix<double>&, const Matrix<double>&);

}  // namespace attn::analysis
