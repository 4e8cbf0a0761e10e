// Whole numbers that flags name: written out, or in an array of any numeric type.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/numbers.hpp"
#include "io/inputs.hpp"

namespace attn::source {

// The values of the array called `name`, in order. Throws Error that names the flag for one that is
// not in the range.
std::vector<std::int64_t> load_integers(io::Inputs& inputs, const std::string& name,
                                        const WholeRange& range, const std::string& flag);

// From a list such as "5,3", else from the array of that name.
std::vector<std::int64_t> load_integer_list(io::Inputs& inputs, const std::string& text,
                                            const WholeRange& range, const std::string& flag);

}  // namespace attn::source
