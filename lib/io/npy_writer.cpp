#include "io/npy_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstring>

#include "core/error.hpp"
#include "core/phase_clock.hpp"

namespace attn::io {
namespace {

void write_at(int descriptor, const OutputPath& path, const char* bytes, std::size_t size,
              std::size_t offset) {
    while (size > 0) {
        const ssize_t written = ::pwrite(descriptor, bytes, size, static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail(path.shown, ": cannot write: ", std::strerror(errno));
        const auto count = static_cast<std::size_t>(written);
        bytes += count;
        size -= count;
        offset += count;
    }
}

}  // namespace

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

NpyWriter::NpyWriter(OutputPath path, DType dtype, const Shape& shape, Makers makers)
    : path_(std::move(path)), dtype_(dtype) {
    assert(dtype == DType::float32 || dtype == DType::float64);
    const InPhase phase(Phase::write);
    const std::string header = npy_header(dtype, shape);
    header_size_ = header.size();
    // What others have written already stays, and the same size and header change nothing.
    const int truncate = makers == Makers::one ? O_TRUNC : 0;
    descriptor_ = ::open(path_.path.c_str(), O_WRONLY | O_CREAT | truncate | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail(path_.shown, ": cannot create: ", std::strerror(errno));
    try {
        if (::ftruncate(descriptor_, static_cast<off_t>(npy_file_size(dtype, shape))) != 0) {
            fail(path_.shown, ": cannot write: ", std::strerror(errno));
        }
        write_at(descriptor_, path_, header.data(), header.size(), 0);
    } catch (...) {
        ::close(descriptor_);
        throw;
    }
}

NpyWriter::~NpyWriter() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

template <class T>
void NpyWriter::write(std::size_t offset, Span<const T> values) const {
    assert(dtype_of<T>() == dtype_);
    const InPhase phase(Phase::write);
    write_at(descriptor_, path_, reinterpret_cast<const char*>(values.data()),
             values.size() * sizeof(T), header_size_ + offset * sizeof(T));
}

void NpyWriter::close() {
    const int descriptor = descriptor_;
    descriptor_ = -1;
    if (::close(descriptor) != 0) fail(path_.shown, ": cannot write: ", std::strerror(errno));
}

template void NpyWriter::write(std::size_t, Span<const float>) const;
template void NpyWriter::write(std::size_t, Span<const double>) const;

}  // namespace attn::io
