#include "analysis/uniform_rollout.hpp"

#include "analysis/range_sums.hpp"
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
    // Each query adds one number to a range of keys. To those of a range from the first key on it
    // is added from the last one down, which is the quickest.
    std::vector<double> result(row.size()), up_to(row.size() + 1);
    RangeSums others(row.size());
    for (std::size_t query = 0; query < rows_.size(); ++query) {
        const Row& of = rows_[query];
        result[query] += row[query] * of.own;
        const double each = row[query] * of.each;
        if (each == 0) continue;
        const KeyRange range = of.cells.range;
        if (of.cells.blocked.empty() && range.begin == 0) {
            up_to[range.end] += each;
        } else if (of.cells.blocked.empty()) {
            others.add(range, each);
        } else {
            for (std::size_t key = range.begin; key < range.end; ++key) {
                if (of.cells.has(key)) result[key] += each;
            }
        }
    }
    const std::vector<double> of_others = others.places();
    double level = 0;
    for (std::size_t key = result.size(); key-- > 0;)
        result[key] += (level += up_to[key + 1]) + of_others[key];
    return result;
}

std::vector<double> UniformLayer::layer_times(const std::vector<double>& column) const {
    const RangeSums sums = RangeSums::of(column);
    std::vector<double> result(column.size());
    for (std::size_t query = 0; query < rows_.size(); ++query) {
        const Row& of = rows_[query];
        const KeyRange range = of.cells.range;
        double sum = 0;
        if (of.cells.blocked.empty()) {
            sum = sums.sum(range);
        } else {
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
