// Arrays of one container that belong together: their names differ in one number, as "arr_0" and
// "arr_1" do, or "layers/0/attn" and "layers/1/attn".
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace attn::source {

struct ArrayFamily {
    std::string pattern;               // "layers/*/attn"
    std::vector<std::string> keys;     // in the order of their numbers: arr_10 after arr_9
    std::vector<std::size_t> numbers;  // of each key, ascending
};

// All families of two members or more, in the order of their patterns. A key may belong to several:
// "layer_0_head_1" to "layer_*_head_1" and to "layer_0_head_*".
std::vector<ArrayFamily> find_families(const std::vector<std::string>& keys);

// The keys that a pattern with one `*` stands for; it stands for anything but "/". A single match
// has the number in it, or 0. Throws Error, which begins with `name`, where none matches, where
// they differ by more than one number, or two have the same.
ArrayFamily match_family(const std::string& pattern, const std::vector<std::string>& keys,
                         const std::string& name);

}  // namespace attn::source
