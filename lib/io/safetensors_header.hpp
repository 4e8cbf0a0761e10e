// The JSON header of a safetensors file, field by field and not yet held against the file, and what
// number types are called there.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dtype.hpp"
#include "core/shape.hpp"
#include "core/span.hpp"
#include "io/container.hpp"

namespace attn::io {

// "F32" -> float32; nothing for types that are not read.
std::optional<DType> dtype_of_code(std::string_view code);

// float32 -> "F32".
const char* code_of(DType dtype);

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
