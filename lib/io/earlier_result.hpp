// What an earlier command left in a folder, as its manifest.json says.
#pragma once

#include <optional>
#include <set>
#include <string>

namespace attn::io {

struct EarlierResult {
    std::string command;          // "run"; empty when the manifest does not say
    std::set<std::string> files;  // those that lie inside, see inner_path()
};

// Nothing when the folder has no manifest.json, or one of somebody else.
std::optional<EarlierResult> read_earlier_result(int folder);

}  // namespace attn::io
