// The name of an array on the command line: FILE[:KEY]. "x.npy", "run.json:layers/0/W_Q", "-" for
// standard input.
#pragma once

#include <string>

namespace attn::io {

struct ArrayName {
    std::string path;
    std::string key;  // empty: the only array of the file
};

// Splits at the last colon, unless a file of the whole name exists.
ArrayName parse_array_name(const std::string& text);

// "path" or "path:key", as messages write it.
std::string full_name(const ArrayName& name);

}  // namespace attn::io
