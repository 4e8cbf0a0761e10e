#include "model/weight_bundle.hpp"

#include "core/error.hpp"
#include "core/word_list.hpp"
#include "model/config_agreement.hpp"
#include "model/config_value.hpp"

namespace attn::model {
namespace {

// "layer 0: attn.c_proj.weight and 3 more arrays"
std::string first_of(const std::vector<std::string>& names) {
    if (names.size() == 1) return names.front();
    const std::size_t more = names.size() - 1;
    return names.front() + " and " + counted(more, "more array");
}

[[noreturn]] void fail_not_computed(const WeightBundle& bundle, const std::string& what) {
    fail(bundle.path, ": config.json asks for ", what, ", which is not computed for ",
         bundle.layout->title, "; where the model does without, take it out of config.json");
}

}  // namespace

WeightBundle read_weight_bundle(const io::Container& container, const std::string& layout) {
    WeightBundle bundle;
    bundle.path = container.path;
    LayoutMatch match = match_layout(container, model_type(container), layout);
    bundle.layout = match.layout;
    bundle.config = read_model_config(container, *bundle.layout);
    bundle.prefix = std::move(match.prefix);
    bundle.others = std::move(match.others);
    bundle.layers = std::move(match.layers);
    bundle.model = std::move(match.model);
    bundle.missing = std::move(match.missing);
    bundle.missing_attention = std::move(match.missing_attention);
    bundle.left_over = std::move(match.left_over);
    bundle.unused = std::move(match.unused);
    infer_norm(bundle);
    if (bundle.layout->name != "native") require_agreement(container, bundle);
    return bundle;
}

AttentionDefaults attention_defaults(const WeightBundle& bundle) {
    const Layout& layout = *bundle.layout;
    const ModelConfig& config = bundle.config;
    if (!config.unknown_attention.empty()) fail_not_computed(bundle, config.unknown_attention);
    AttentionDefaults defaults;
    defaults.causal = config.causal;
    defaults.scale = config.scale;
    if (layout.name == "native") return defaults;
    if (!defaults.causal) defaults.causal = layout.causal;
    if (!defaults.scale) defaults.scale = layout.scale;
    defaults.softcap = config.softcap;
    if (layout.name == "transformer-lens" && !config.raw.any &&
        bundle.model.count("position_table") == 0)
        fail(bundle.path,
             ": has no table of positions, and no config.json beside it says whether they are "
             "rotary (\"positional_embedding_type\")");
    defaults.rope = config.positions_turn.value_or(layout.positions_turn);
    defaults.rope_theta = config.rope_theta.value_or(defaults.rope_theta);
    defaults.rope_share = config.rotary_share.value_or(layout.rotary_share);
    defaults.rope_dim = config.rotary_dim;
    defaults.rope_interleaved = config.rotary_interleaved.value_or(false);
    defaults.rope_scaling = config.rotary_scaling;
    defaults.window_theta = config.window_theta;
    defaults.scale_by_layer = config.scale_by_layer.value_or(false);
    defaults.relative_bias = relative_bias(bundle, 0);
    if (!defaults.relative_bias.empty()) {
        defaults.relative_max_distance = config.relative_max_distance.value_or(128);
        defaults.bidirectional = !*defaults.causal;
    }
    return defaults;
}

std::optional<std::size_t> window_left(const WeightBundle& bundle, std::size_t layer) {
    const ModelConfig& config = bundle.config;
    const std::size_t period = config.full_period.value_or(bundle.layout->full_period);
    if (!config.window) return std::nullopt;
    if (!config.window_layers.empty()) {
        if (!config.window_layers[layer]) return std::nullopt;
    } else if (config.first_window_layer) {
        if (layer < *config.first_window_layer) return std::nullopt;
    } else if (period != 0 && (layer + 1) % period == 0) {
        return std::nullopt;
    }
    return *config.window - 1;
}

RotaryKind rotary_kind(const WeightBundle& bundle, std::size_t layer) {
    const ModelConfig& config = bundle.config;
    const bool pauses = config.rotary_layers.empty()
                            ? config.rotary_pause && (layer + 1) % *config.rotary_pause == 0
                            : !config.rotary_layers[layer];
    if (pauses) return RotaryKind::none;
    return config.window_theta && window_left(bundle, layer) ? RotaryKind::window
                                                             : RotaryKind::usual;
}

std::string sinks(const WeightBundle& bundle, std::size_t layer) {
    const auto found = bundle.layers.at(layer).find("sinks");
    return found == bundle.layers[layer].end() ? "" : found->second.name;
}

std::string relative_bias(const WeightBundle& bundle, std::size_t layer) {
    for (const NamedArrays* arrays : {&bundle.layers.at(layer), &bundle.layers.front()}) {
        const auto table = arrays->find("relative_bias");
        if (table != arrays->end()) return table->second.name;
    }
    return "";
}

void require_whole_attention(const WeightBundle& bundle) {
    if (!bundle.missing_attention.empty()) {
        fail(bundle.path, ": lacks ", first_of(bundle.missing_attention), " of ",
             bundle.layout->title, ", which its attention needs");
    }
    require_nothing_left_over(bundle, LeftOver::Part::attention, "");
}

void require_whole_blocks(const WeightBundle& bundle) {
    if (!bundle.config.unknown_block.empty())
        fail_not_computed(bundle, bundle.config.unknown_block);
    if (!bundle.missing.empty()) {
        fail(bundle.path, ": lacks ", first_of(bundle.missing), " of ", bundle.layout->title,
             "; with --hidden-states it is not needed");
    }
    require_nothing_left_over(bundle, LeftOver::Part::feed_forward,
                              "the input of the next layer; give --hidden-states");
}

void require_nothing_left_over(const WeightBundle& bundle, LeftOver::Part part,
                               const std::string& needed_for) {
    std::vector<std::string> keys;
    for (const LeftOver& array : bundle.left_over) {
        if (array.part == part) keys.push_back(array.key);
    }
    if (keys.empty()) return;
    fail(bundle.path, ": holds ", first_of(keys), ", which ", bundle.layout->title,
         " as it is computed here does not have",
         needed_for.empty() ? "" : " and which may change ", needed_for);
}

}  // namespace attn::model
