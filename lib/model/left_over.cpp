#include "model/left_over.hpp"

#include <algorithm>
#include <vector>

#include "core/affix.hpp"
#include "model/dotted_name.hpp"

namespace attn::model {
namespace {

using Words = std::vector<std::string>;

// Ends of names: counters of training tools, and buffers that follow from sizes alone.
const Words kHarmlessArrays{"masked_bias", "position_ids", "relative_position_index",
                            "total_ops",   "total_params", "num_batches_tracked",
                            "_extra_state"};
// Made anew from the base of the angles, in families that rotate queries and keys.
const Words kRotary{"rotary_emb.inv_freq", "rotary_emb.cos_cached", "rotary_emb.sin_cached"};
// Modules beside the layers that make something of their result, or of pictures.
const Words kHeads{"pooler",          "classifier",
                   "pre_classifier",  "cls",
                   "lm_head",         "score",
                   "qa_outputs",      "predictions",
                   "vocab_transform", "vocab_layer_norm",
                   "vocab_projector", "head",
                   "head_dist",       "fc_norm",
                   "patch_embed",     "pos_embed",
                   "cls_token",       "mask_token",
                   "reg_token",       "dist_token"};
const Words kPositions{"relative", "rel_pos", "rel_emb", "alibi", "rotary", "rope"};
const Words kExperts{"expert", "moe", "router"};

bool has_any(const std::string& text, const Words& words) {
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return contains(text, word); });
}

bool ends_with_any(const std::string& text, const Words& ends) {
    return std::any_of(ends.begin(), ends.end(),
                       [&](const std::string& end) { return ends_with(text, end); });
}

// "mlp." of "mlp.c_fc.weight", "linear1." of "linear1.weight", where a layer has it by itself.
std::string module_of(const std::string& name) {
    std::string module = name.substr(0, name.rfind('.') + 1);
    const std::size_t inner = module.find_last_of('.', module.size() - 2);
    const bool is_linear = ends_with(name, ".weight") || ends_with(name, ".bias");
    if (is_linear && inner != std::string::npos) module.resize(inner + 1);
    return module;
}

bool is_of_feed_forward(const std::string& ours) {
    return ours == "W_in" || ours == "W_gate" || ours == "W_gate_in" || ours == "W_out";
}

}  // namespace

bool is_harmless(const Layout& layout, const std::string& name, const Shape& shape) {
    if (ends_with_any(name, kHarmlessArrays)) return true;
    if (layout.positions_turn && ends_with_any(name, kRotary)) return true;
    if (!ends_with_any(name, layout.ignored)) return false;
    // A causal mask that is called bias is a square; what adds to outputs is a vector.
    return !ends_with(name, ".bias") || shape.size() >= 2;
}

LeftOver::Part part_of_layer(const Layout& layout, const std::string& name) {
    if (has_any(name, kExperts)) return LeftOver::Part::feed_forward;
    for (const TensorName& tensor : layout.in_layer) {
        if (is_of_feed_forward(tensor.ours) && starts_with(name, module_of(tensor.theirs)))
            return LeftOver::Part::feed_forward;
    }
    return LeftOver::Part::attention;
}

std::optional<LeftOver::Part> part_of_model(const Layout& layout, const std::string& name) {
    // Modules that stand beside the list of layers belong to the model as well.
    const std::string stem = layout.layer.substr(0, layout.layer.find("{}"));
    const std::string home = stem.substr(0, stem.find('.') + 1);
    const bool at_home = home != stem && starts_with(name, home);
    const Words parts = components(at_home ? name.substr(home.size()) : name);
    const std::string& first = parts.front();
    constexpr std::size_t kDeepest = 3;  // what is deeper is a part of another model
    if (parts.size() > kDeepest || std::find(kHeads.begin(), kHeads.end(), first) != kHeads.end())
        return std::nullopt;
    if (has_any(first, kPositions)) return LeftOver::Part::attention;
    if (contains(first, "embed") || contains(first, "project_in")) return LeftOver::Part::embedding;
    const bool is_norm = contains(first, "norm") || starts_with(first, "ln_") ||
                         contains(first, "LayerNorm") || contains(first, "project_out");
    if (is_norm && parts.size() <= 2) return LeftOver::Part::behind_layers;
    return std::nullopt;
}

std::string unusual_contents(const io::Container& container) {
    static const Words quantised{".qweight",          ".qzeros",        ".weight_scale",
                                 ".weight_scale_inv", ".weight_packed", ".absmax",
                                 ".quant_map",        ".SCB",           ".zero_point"};
    static const Words adapters{"lora_A", "lora_B", "lora_magnitude_vector"};
    std::vector<std::string> keys;
    for (const auto& [key, array] : container.arrays) keys.push_back(key);
    for (const auto& [key, reason] : container.unreadable) keys.push_back(key);
    for (const std::string& key : keys) {
        if (ends_with_any(key, quantised))
            return "; " + key +
                   " belongs to quantised weights, which are not read: save them as "
                   "float16, bfloat16 or float32";
        if (has_any(key, adapters))
            return "; " + key +
                   " belongs to an adapter (LoRA), which is not applied: merge it "
                   "into its model first";
    }
    return "";
}

}  // namespace attn::model
