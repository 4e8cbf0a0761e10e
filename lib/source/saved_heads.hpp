// Queries, keys and values that a run saved beside each other (`run --save q,k,v`): a source that
// attention is computed from again, layer by layer.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/dtype.hpp"
#include "io/inputs.hpp"
#include "results/manifest.hpp"
#include "source/attention_request.hpp"

namespace attn::source {

// Arrays of one layer, as FILE[:KEY]: [(batch,) heads, n, d], rotated and behind the cache. Without
// names: this layer was not saved.
struct SavedLayer {
    std::string q, k, v;
};

struct SavedHeads {
    std::string folder;
    results::RunManifest run;
    std::vector<SavedLayer> layers;  // by number
    DType dtype = DType::float32;    // float64 where any of the arrays is

    std::vector<std::size_t> saved_layers() const;
};

// Whether FILE[:KEY] is there.
bool holds_array(io::Inputs& inputs, const std::string& array);

// What the folder's run saved of every layer; nothing where `folder` is no folder of a run, or
// lacks q, k or v of any layer. Throws Error for a run of which some heads were saved only.
std::optional<SavedHeads> find_saved_heads(io::Inputs& inputs, const std::string& folder);

// The request completed by what the run was told: flags win. Positions and caches are in the arrays
// already. Throws Error where the run had something that its folder does not hold, such as sinks of
// each layer, and where a mask, bias, sink or table of it is no longer what it was.
AttentionRequest attention_of_run(const SavedHeads& saved, const AttentionRequest& flags);

}  // namespace attn::source
