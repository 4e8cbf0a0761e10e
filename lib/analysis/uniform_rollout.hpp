// What rollout would be if every query attended to all that it may attend, alike: the receptive
// field that rollout is measured against (lift). O(n log n) a row and layer, of sums
// that lose no digits.
#pragma once

#include <cstddef>
#include <vector>

#include "analysis/rollout.hpp"
#include "core/matrix.hpp"

namespace attn::analysis {

// One layer of it.
class UniformLayer {
  public:
    // T is float or double. Among the options only residual and renormalise count.
    template <class T>
    UniformLayer(const LayerHeads<T>& heads, const RolloutOptions& options);

    // A row [tokens] times the layer, and the layer times a column [tokens].
    std::vector<double> times_layer(const std::vector<double>& row) const;
    std::vector<double> layer_times(const std::vector<double>& column) const;

  private:
    struct Row {
        AllowedCells cells;
        double each = 0;  // of those cells
        double own = 0;   // of the identity
    };
    std::vector<Row> rows_;
};

// rollout / uniform where uniform is above 0, else 0.
template <class T>
Matrix<T> lift_of(const Matrix<T>& rollout, const Matrix<double>& uniform);

}  // namespace attn::analysis
