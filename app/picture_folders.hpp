// Where the pictures of each of several sources go.
#pragma once

#include <string>
#include <vector>

namespace attn::app {

// A name for a folder for each source, no two alike: of a/weights.npy and b/weights.npy they are
// a-weights and b-weights, of FILE.npz:KEY FILE-KEY.
std::vector<std::string> folder_names(const std::vector<std::string>& sources);

}  // namespace attn::app
