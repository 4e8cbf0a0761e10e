// Shapes of arrays: how many values each axis holds, outermost first.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace attn {

using Shape = std::vector<std::size_t>;

// "[3, 4]"; "[]" for a scalar.
std::string to_string(const Shape& shape);

// Where the value at `position` of an array stands; `column_major`: the first axis runs fastest.
Shape index_of(std::size_t position, const Shape& shape, bool column_major = false);

// The product of the axes (1 for a scalar). Throws Error when it does not fit in std::size_t;
// `name` is what the message calls the array.
std::size_t element_count(const Shape& shape, const std::string& name);

}  // namespace attn
