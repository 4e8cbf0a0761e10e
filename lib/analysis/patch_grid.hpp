// Keys that are patches of a picture: distances are Euclidean on the grid, not along the sequence.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/span.hpp"

namespace attn::analysis {

class PatchGrid {
  public:
    // `extra` tokens (class, registers) come before the patches, which stand row after row.
    PatchGrid(std::size_t rows, std::size_t columns, std::size_t extra);

    std::size_t keys() const { return extra_ + rows_ * columns_; }
    std::size_t rows() const { return rows_; }
    std::size_t columns() const { return columns_; }
    std::size_t extra() const { return extra_; }

    // Whether the token at this position is a patch.
    bool is_patch(std::ptrdiff_t position) const;

    // Σ weight * distance in patches from the patch at `position`; the first of the weights is that
    // of `first_key`. Tokens that are no patches count nothing.
    template <class T>
    double weighted_distance(std::ptrdiff_t position, Span<const T> weights,
                             std::size_t first_key) const;

  private:
    std::size_t rows_;
    std::size_t columns_;
    std::size_t extra_;
    std::vector<float> distances_;  // [rows, columns]: of patches so many rows and columns apart
};

// "14x14", or "14x14+1" where one token comes before the patches. Throws Error that names --grid
// when it is malformed or has another number of tokens than `keys`.
PatchGrid parse_grid(const std::string& text, std::size_t keys);

}  // namespace attn::analysis
