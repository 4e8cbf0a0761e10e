// Arrays as NPY files, for tests that run the program.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "core/shape.hpp"
#include "support/npy_bytes.hpp"
#include "support/temp_folder.hpp"

namespace attn::test {

template <class T>
std::string npy_descriptor() {
    if constexpr (std::is_same_v<T, float>) return "<f4";
    if constexpr (std::is_same_v<T, double>) return "<f8";
    if constexpr (std::is_same_v<T, std::int64_t>) return "<i8";
    if constexpr (std::is_same_v<T, char>) return "|b1";  // vector<bool> has no bytes
}

// Writes the values under that shape; returns the path. char is bool.
template <class T>
std::string write_array(const TempFolder& folder, const std::string& name, const Shape& shape,
                        const std::vector<T>& values) {
    std::string tuple = "(";
    for (const std::size_t extent : shape) tuple += std::to_string(extent) + ", ";
    return folder.write(
        name, npy_bytes(npy_dictionary(npy_descriptor<T>(), tuple + ")"), bytes_of(values)));
}

}  // namespace attn::test
