// Which family a file's arrays belong to, told by their names and shapes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/container.hpp"
#include "model/layout.hpp"
#include "model/model_config.hpp"

namespace attn::model {

using NamedArrays = std::map<std::string, io::StoredArray>;  // by our names

// A file read as one family.
struct LayoutMatch {
    const Layout* layout = nullptr;
    std::vector<NamedArrays> layers;
    NamedArrays model;
    std::vector<std::string> missing;  // what the family has and the file lacks: "layer 3: W_out
                                       // (mlp.c_proj.weight)"
    std::vector<std::string> unused;   // keys that mean nothing to us
};

// The family that the file's names, shapes and config.json fit, or the one that is `wanted`
// (--layout). Throws Error when there is none, when several fit, when config.json names another
// one, and when a layer is missing or incomplete.
LayoutMatch match_layout(const io::Container& container, const ModelConfig& config,
                         const std::string& wanted);

// The names W_Q W_K W_V W_O b_Q b_K b_V b_O, of one layer, or of many under layers.N. (layers/N/ in
// JSON).
bool has_native_weights(const io::Container& container);
LayoutMatch match_native(const io::Container& container);

}  // namespace attn::model
