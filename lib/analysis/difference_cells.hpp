// Two matrices and their difference as the cells of three pictures.
#pragma once

#include <cstddef>
#include <vector>

#include "core/array.hpp"

namespace attn::analysis {

// [rows, columns] each, for pool x pool weights: the largest weight of a and of b, and the
// difference a - b that is farthest from zero, so that a lone cell is not lost. NaN wins
// everywhere.
struct DifferenceCells {
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::vector<float> a;
    std::vector<float> b;
    std::vector<float> difference;
};

// Both [queries, keys]. T is float or double; the difference is taken in T.
template <class T>
DifferenceCells difference_cells(MatrixView<const T> a, MatrixView<const T> b, std::size_t pool);

}  // namespace attn::analysis
