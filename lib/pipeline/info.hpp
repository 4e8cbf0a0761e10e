// What is in a file: its arrays with their types, shapes and ranges, and what it is as a whole.
#pragma once

#include <optional>
#include <string>

#include "results/file_info.hpp"

namespace attn::pipeline {

using results::ArrayInfo;
using results::FileInfo;

struct InfoRequest {
    std::string source;          // FILE[:KEY]; with a key only that array is described
    std::string layout;          // family of the checkpoint; empty: as its names say
    std::optional<bool> values;  // read all numbers; empty: where there are not too many
};

FileInfo inspect(const InfoRequest& request);

}  // namespace attn::pipeline
