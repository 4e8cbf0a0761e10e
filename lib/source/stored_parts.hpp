// Which arrays of a file or folder a SOURCE means: one, or several of one shape that are stacked,
// as np.savez("attn.npz", *attentions) leaves them.
#pragma once

#include <string>
#include <vector>

#include "io/inputs.hpp"

namespace attn::source {

struct StoredParts {
    std::string name;  // FILE, FILE:KEY or FILE:layers/*/attn, as messages write it
    std::vector<io::StoredArray> arrays;  // all of one shape; in the order of their numbers
    bool stacked = false;                 // even where only one array matched
    std::vector<std::size_t> numbers;     // of stacked arrays, from their names
    bool named_layers = false;            // their names say that they are layers

    const Shape& shape() const { return arrays.front().shape; }
};

// FILE:KEY is that array; a KEY with a `*` stacks those that it matches. Without a key: the only
// array that may be attention; the arrays under "attentions.N" or "blocks.N.attn.hook_pattern"; all
// arrays, where their names differ in one number only. Throws Error where the choice is left, with
// the keys and the patterns that would stack some, and for arrays of different shapes.
StoredParts find_stored_parts(io::Inputs& inputs, const std::string& source);

}  // namespace attn::source
