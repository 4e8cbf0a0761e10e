// Which family a file's arrays belong to, told by their names and shapes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/container.hpp"
#include "model/layout.hpp"

namespace attn::model {

using NamedArrays = std::map<std::string, io::StoredArray>;  // by our names

// An array of the model that the family does not know and that may change the result.
struct LeftOver {
    // What cannot be computed with it: the attention and its input, the feed-forward part, what the
    // first layer reads, what the last one gives, the logits.
    enum class Part { attention, feed_forward, embedding, behind_layers, logits };
    std::string key;
    Part part = Part::attention;
};

// A file read as one family.
struct LayoutMatch {
    const Layout* layout = nullptr;
    std::string prefix;               // in front of all names and not the family's: "net."
    std::vector<std::string> others;  // prefixes of further models of the family, not read
    std::vector<NamedArrays> layers;
    NamedArrays model;
    std::vector<std::string> missing;  // what the family has and the file lacks: "layer 3: W_out
                                       // (mlp.c_proj.weight)"
    std::vector<std::string> missing_attention;  // those of them that the attention needs
    std::vector<LeftOver> left_over;
    std::vector<std::string> unused;  // other keys: heads of tasks, parts of other models
};

// The family that the file's names, shapes and model_type (of config.json, or empty) fit, or the
// one that is `wanted` (--layout). Throws Error when there is none, when several fit, when
// model_type is another one, and when a layer is missing or lacks its matrices.
LayoutMatch match_layout(const io::Container& container, const std::string& model_type,
                         const std::string& wanted);

// The names W_Q W_K W_V W_O b_Q b_K b_V b_O, of one layer, or of many under layers.N. (layers/N/ in
// JSON).
bool has_native_weights(const io::Container& container);
LayoutMatch match_native(const io::Container& container);

}  // namespace attn::model
