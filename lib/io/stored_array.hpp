// An array as it lies in a file: its type, orders and bytes, not yet converted. Listing a file
// makes only these; the numbers are read when an array is converted.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "core/array.hpp"
#include "core/dtype.hpp"
#include "core/shape.hpp"
#include "core/span.hpp"
#include "io/file_bytes.hpp"

namespace attn::io {

struct StoredArray {
    std::string name;  // FILE[:KEY] as messages write it
    DType dtype = DType::float32;
    bool swapped_bytes = false;  // the file's byte order is not this machine's
    bool column_major = false;   // first axis varies fastest (NumPy's fortran_order)
    Shape shape;
    Span<const std::byte> bytes;  // element_count(shape) * size_of(dtype) of them
    std::shared_ptr<const void> owner;
    bool mapped = false;  // as in FileBytes
    // Reads the bytes where they do not lie in the file as they are: members of an archive.
    std::function<FileBytes()> fetch;
};

// The array with its bytes at hand. Throws Error when they are damaged.
StoredArray fetched(const StoredArray& stored);

// Elements begin … begin + count - 1 along the first axis of a row-major array; shares the bytes.
StoredArray rows_of(const StoredArray& stored, std::size_t begin, std::size_t count);

// What to do with NaN and infinite values in an input.
enum class NonFinite {
    refuse,                // Error with the index of the first one
    allow_minus_infinity,  // as in masks and biases
    allow,
};

// The values as row-major T (float or double), whatever the file's type and orders are; float32
// row-major data in this machine's byte order is not copied. Throws Error for a float64 value
// beyond float32's range (with its index) and for values that `non_finite` refuses.
template <class T>
Array<T> convert(const StoredArray& stored, NonFinite non_finite);

}  // namespace attn::io
