#include "io/npy_writer.hpp"

#include <cassert>

#include "core/error.hpp"
#include "core/phase_clock.hpp"

namespace attn::io {

std::string npy_header(DType dtype, const Shape& shape) {
    std::string dictionary = "{'descr': '";
    dictionary += dtype == DType::float64 ? "<f8" : "<f4";
    dictionary += "', 'fortran_order': False, 'shape': (";
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        if (axis > 0) dictionary += ", ";
        dictionary += std::to_string(shape[axis]);
    }
    if (shape.size() == 1) dictionary += ",";
    dictionary += "), }";

    constexpr std::size_t kPrefix = 10;  // magic, version, length
    constexpr std::size_t kAlignment = 64;
    const std::size_t unpadded = kPrefix + dictionary.size() + 1;
    dictionary.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
    dictionary += '\n';
    std::string header("\x93NUMPY\x01\x00", 8);
    header += static_cast<char>(dictionary.size() & 0xff);
    header += static_cast<char>(dictionary.size() >> 8);
    return header + dictionary;
}

std::size_t npy_file_size(DType dtype, const Shape& shape) {
    std::size_t size = 0;
    if (__builtin_mul_overflow(element_count(shape, "result"), size_of(dtype), &size) ||
        __builtin_add_overflow(size, npy_header(dtype, shape).size(), &size)) {
        fail("result: shape ", to_string(shape), " is larger than any disk");
    }
    return size;
}

NpyWriter::NpyWriter(const OutputPath& path, DType dtype, const Shape& shape, Makers makers)
    : dtype_(dtype) {
    assert(dtype == DType::float32 || dtype == DType::float64);
    const InPhase phase(Phase::write);
    const std::string header = npy_header(dtype, shape);
    header_size_ = header.size();
    file_ = path.open(path, npy_file_size(dtype, shape), makers);
    // All makers write the same header.
    file_.write(0, header.data(), header.size());
}

template <class T>
void NpyWriter::write(std::size_t offset, Span<const T> values) const {
    assert(dtype_of<T>() == dtype_);
    const InPhase phase(Phase::write);
    file_.write(header_size_ + offset * sizeof(T), reinterpret_cast<const char*>(values.data()),
                values.size() * sizeof(T));
}

template void NpyWriter::write(std::size_t, Span<const float>) const;
template void NpyWriter::write(std::size_t, Span<const double>) const;

}  // namespace attn::io
