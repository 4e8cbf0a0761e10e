// One head for whoever runs a method for real (fast_paths.hpp), in the type that the source
// computes in.
#pragma once

#include <algorithm>
#include <cstddef>

#include "attention/tile.hpp"
#include "core/divide_up.hpp"
#include "core/parallel.hpp"
#include "core/span.hpp"

namespace attn::approx {

// Scores are scale * q kᵀ and nothing else; the only mask there may be is causality. Query i stands
// at key i + offset.
template <class T>
struct FastHead {
    std::size_t layer = 0;
    std::size_t head = 0;
    MatrixView<const T> q, k, v;  // [queries, d_head], [keys, d_head], [keys, d_value]
    T scale = 1;
    bool causal = false;
    std::ptrdiff_t offset = 0;

    std::ptrdiff_t position(std::size_t query) const {
        return static_cast<std::ptrdiff_t>(query) + offset;
    }
    KeyRange allowed(std::size_t query) const {
        if (!causal) return {0, k.rows};
        const std::ptrdiff_t end = std::max<std::ptrdiff_t>(0, position(query) + 1);
        return {0, std::min(k.rows, static_cast<std::size_t>(end))};
    }
};

// Rows that are taken through a product together.
constexpr std::size_t kFastRows = 64;

// Calls work(begin, count) for the blocks of `rows` rows, side by side.
template <class Work>
void for_fast_blocks(std::size_t rows, const Work& work) {
    parallel_for(divide_up(rows, kFastRows), [&](std::size_t block) {
        const std::size_t begin = block * kFastRows;
        work(begin, std::min(kFastRows, rows - begin));
    });
}

// Rows begin … begin + count - 1.
template <class T>
MatrixView<T> some_rows(MatrixView<T> matrix, std::size_t begin, std::size_t count) {
    return {matrix.data + begin * matrix.stride, count, matrix.columns, matrix.stride};
}

}  // namespace attn::approx
