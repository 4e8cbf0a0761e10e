// Writes one .npy file whose values arrive in any order and from several threads.
#pragma once

#include <cstddef>
#include <string>

#include "core/dtype.hpp"
#include "core/shape.hpp"
#include "core/span.hpp"
#include "io/output_path.hpp"

namespace attn::io {

// The header as NumPy writes it (NPY version 1.0, little-endian, C order), of float32 or float64,
// padded so that the data starts at a multiple of 64 bytes.
std::string npy_header(DType dtype, const Shape& shape);

// Bytes of the .npy file, header included.
std::size_t npy_file_size(DType dtype, const Shape& shape);

class NpyWriter {
  public:
    // Creates the file (version 1.0, little-endian, C order) at its full size, all zeros, without
    // writing them. Throws Error on any failure of the system, as do all members.
    NpyWriter(const OutputPath& path, DType dtype, const Shape& shape, Makers makers = Makers::one);
    NpyWriter(const NpyWriter&) = delete;
    NpyWriter& operator=(const NpyWriter&) = delete;

    // Puts values at element `offset` of the flattened array. Threads may call it at once for
    // places that do not overlap. T must be the dtype's type.
    template <class T>
    void write(std::size_t offset, Span<const T> values) const;

    // Closes the file and reports what its end could not. Syncing is up to the folder.
    void close() const { file_.close(); }

  private:
    DType dtype_;
    std::size_t header_size_ = 0;
    PlacedFile file_;
};

}  // namespace attn::io
