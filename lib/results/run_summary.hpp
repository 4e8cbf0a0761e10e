// What a folder of results is, for a person: which command wrote it, from what, and with which
// options that are not the usual ones.
#pragma once

#include <string>
#include <vector>

#include "results/manifest.hpp"

namespace attn::results {

struct RunSummary {
    std::string version;  // of the program that wrote it
    RunManifest manifest;
    // Files that were read, and how many arrays of each.
    std::vector<std::pair<std::string, std::size_t>> inputs;
    // Options that are not at their defaults; `scale` always, as its default is the shape's.
    std::vector<ManifestOption> options;
    std::size_t sequences = 0;  // that have tokens; 0: no tokens
};

// `folder` is one that is_run_folder() says is ours. Throws Error when its manifest.json is
// damaged.
RunSummary summarise_run(const std::string& folder);

// The names of its arrays as other commands take them: "out/layer00/weights.npy", or where a layer
// is one file "out/layer00/arrays.npz:weights". Throws Error for such a file that cannot be read.
std::vector<std::string> array_names_of(const std::string& folder, const RunSummary& run);

}  // namespace attn::results
