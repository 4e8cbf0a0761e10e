// Square matrices transposed in place.
#pragma once

#include <cstddef>
#include <utility>

namespace attn::analysis {

// matrix [n, n], row after row.
template <class T>
void transpose_square(T* matrix, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < i; ++j) std::swap(matrix[i * n + j], matrix[j * n + i]);
    }
}

}  // namespace attn::analysis
