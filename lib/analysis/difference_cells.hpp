// Two matrices and their difference as the cells of three pictures.
#pragma once

#include <cstddef>
#include <vector>

#include "attention/tile.hpp"
#include "core/array.hpp"
#include "core/span.hpp"

namespace attn::analysis {

// [rows, columns] each, for pool x pool weights: the largest weight of a and of b, and the
// difference a - b that is farthest from zero, so that a lone cell is not lost. NaN wins
// everywhere. -inf in all three: every one of them is masked.
struct DifferenceCells {
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::vector<float> a;
    std::vector<float> b;
    std::vector<float> difference;
};

// Both [queries, keys]. `allowed`: the keys of each query that a or b may attend, all where it is
// empty; what lies outside and is 0 on both sides is masked. T is float or double; the difference
// is taken in T.
template <class T>
DifferenceCells difference_cells(MatrixView<const T> a, MatrixView<const T> b, std::size_t pool,
                                 Span<const KeyRange> allowed = {});

}  // namespace attn::analysis
