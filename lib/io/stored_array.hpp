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
    bool swapped_bytes = false;   // the file's byte order is not this machine's
    bool column_major = false;    // first axis varies fastest (NumPy's fortran_order)
    Shape shape;                  // an axis may have length 0
    Span<const std::byte> bytes;  // element_count(shape) * size_of(dtype) of them
    std::shared_ptr<const void> owner;
    bool mapped = false;  // as in FileBytes
    // One of many in a file that may be huge: a digest is that of its bytes, not of the file.
    bool own_digest = false;
    // Unpacks or checks the bytes of an archive's member. Where it is set, `bytes` may be empty
    // until fetched() has called it.
    std::function<FileBytes()> fetch;
};

// The array with its bytes at hand. Throws Error when they are damaged.
StoredArray fetched(const StoredArray& stored);

// What to do with NaN and infinite values in an input. Errors name the first one's index.
enum class NonFinite {
    refuse,                // unless --allow-nonfinite is given, as the error says
    allow_minus_infinity,  // of others the same: biases
    allow,
    never,                     // whatever is given
    never_but_minus_infinity,  // masks
};

// The values as row-major T (float or double), whatever the file's type and orders are; float32
// row-major data in this machine's byte order is not copied. Throws Error for an array without
// values, for a float64 value beyond float32's range (with its index), for values that `non_finite`
// refuses and for an array larger than this machine's memory.
template <class T>
Array<T> convert(const StoredArray& stored, NonFinite non_finite);

}  // namespace attn::io
