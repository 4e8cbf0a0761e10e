// Matrices that may lie in mapped files, some rows at a time, read from the files into memory that
// is used again and again: several times as fast as mapping their pages, and nothing stays mapped.
#pragma once

#include <cstddef>
#include <vector>

#include "core/span.hpp"
#include "io/file_reader.hpp"

namespace attn::io {

// T is float or double.
template <class T>
class MatrixReader {
  public:
    // Reads dense matrices [rows, columns], which stay where they are while this lives. Neighbours
    // in one file share a descriptor; of matrices in very many places all are looked at where they
    // lie.
    MatrixReader(std::vector<const T*> matrices, std::size_t rows, std::size_t columns);

    // Whether rows() may copy, so that it needs a buffer.
    bool copies() const { return copies_; }

    // Rows first … first + count - 1 of one of the matrices: where they lie in memory, or as a copy
    // in `buffer`, which has room for them. On any thread.
    MatrixView<const T> rows(std::size_t matrix, std::size_t first, std::size_t count,
                             T* buffer) const;

  private:
    struct Place {
        std::size_t reader;
        std::size_t offset;  // in bytes
    };

    std::vector<const T*> matrices_;
    std::size_t rows_, columns_;
    bool copies_ = false;
    std::vector<FileReader> readers_;
    std::vector<Place> places_;  // of each matrix
};

}  // namespace attn::io
