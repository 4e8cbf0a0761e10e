// NPY files made by hand, so that the reader is tested against the format and not against the
// writer.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace attn::test {

// A file of version `version` whose header dictionary is `dictionary`.
inline std::string npy_bytes(const std::string& dictionary, const std::string& data,
                             char version = 1) {
    std::string bytes = "\x93NUMPY";
    bytes += version;
    bytes += '\0';
    const std::string header = dictionary + '\n';
    const std::size_t length_size = version == 1 ? 2 : 4;
    for (std::size_t i = 0; i < length_size; ++i) {
        bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
    }
    return bytes + header + data;
}

// {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
inline std::string npy_dictionary(const std::string& descr, const std::string& shape,
                                  bool fortran = false) {
    return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") +
           ", 'shape': " + shape + ", }";
}

template <class T>
std::string bytes_of(const std::vector<T>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// A float32 file with the given shape, such as "(2, 3)".
inline std::string npy_floats(const std::string& shape, const std::vector<float>& values) {
    return npy_bytes(npy_dictionary("<f4", shape), bytes_of(values));
}

}  // namespace attn::test
