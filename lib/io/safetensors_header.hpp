// The JSON header of a safetensors file, field by field and not yet held against the file.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "core/shape.hpp"
#include "core/span.hpp"
#include "io/container.hpp"

namespace attn::io {

struct TensorEntry {
    std::string name;
    std::string dtype;  // "F32"
    Shape shape;
    std::size_t begin = 0;  // data_offsets, from the end of the header
    std::size_t end = 0;
};

// The tensors in the order of the header, each name once; the texts of "__metadata__" become
// settings "__metadata__/format" and so on. Throws Error that names `path`, and the tensor, for
// what is not JSON, fields that are missing, stand twice or are of the wrong type.
std::vector<TensorEntry> read_safetensors_header(Span<const std::byte> header,
                                                 const std::string& path,
                                                 std::map<std::string, Setting>& settings);

}  // namespace attn::io
