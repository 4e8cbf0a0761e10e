#include "model/weight_bundle.hpp"

#include "core/error.hpp"

namespace attn::model {
namespace {

// "config.json says 12 layers (num_hidden_layers)"
std::string says(const ModelConfig& config, const std::string& field, std::size_t value) {
    return "config.json says " + std::to_string(value) + " (" + config.keys.at(field) + ")";
}

// "layer 0: attn.c_proj.weight and 3 more arrays"
std::string listed(const std::vector<std::string>& names) {
    if (names.size() == 1) return names.front();
    const std::size_t more = names.size() - 1;
    return names.front() + " and " + std::to_string(more) + " more array" + (more == 1 ? "" : "s");
}

void check_config(const WeightBundle& bundle) {
    const ModelConfig& config = bundle.config;
    if (config.layers && *config.layers != bundle.layers.size()) {
        fail(bundle.path, ": has ", bundle.layers.size(), " layers, ",
             says(config, "layers", *config.layers));
    }
    const std::size_t width = model_width(bundle);
    if (config.d_model && *config.d_model != width) {
        fail(bundle.path, ": its projections read ", width, " columns, ",
             says(config, "d_model", *config.d_model));
    }
    const auto table = bundle.model.find("token_table");
    if (config.vocabulary && table != bundle.model.end() &&
        table->second.shape.front() < *config.vocabulary) {
        fail(table->second.name, " ", to_string(table->second.shape), ": has fewer tokens than ",
             says(config, "vocabulary", *config.vocabulary));
    }
    if (!config.window_layers.empty() && config.window_layers.size() != bundle.layers.size()) {
        fail(bundle.path, ": has ", bundle.layers.size(), " layers, config.json lists ",
             config.window_layers.size(), " (layer_types)");
    }
}

}  // namespace

WeightBundle read_weight_bundle(const io::Container& container, const std::string& layout) {
    WeightBundle bundle;
    bundle.path = container.path;
    bundle.config = read_model_config(container);
    LayoutMatch match = match_layout(container, bundle.config.model_type, layout);
    bundle.layout = match.layout;
    bundle.prefix = std::move(match.prefix);
    bundle.others = std::move(match.others);
    bundle.layers = std::move(match.layers);
    bundle.model = std::move(match.model);
    bundle.missing = std::move(match.missing);
    bundle.missing_attention = std::move(match.missing_attention);
    bundle.left_over = std::move(match.left_over);
    bundle.unused = std::move(match.unused);
    if (bundle.layout->name != "native") check_config(bundle);
    return bundle;
}

AttentionDefaults attention_defaults(const WeightBundle& bundle) {
    const Layout& layout = *bundle.layout;
    const ModelConfig& config = bundle.config;
    if (!config.unknown_attention.empty())
        fail(bundle.path, ": config.json asks for ", config.unknown_attention,
             ", which is not computed");
    AttentionDefaults defaults;
    defaults.causal = config.causal;
    defaults.scale = config.scale;
    if (layout.name == "native") return defaults;
    if (!defaults.causal) defaults.causal = layout.causal;
    if (!defaults.scale) defaults.scale = layout.scale;
    defaults.softcap = config.softcap;
    defaults.rope = config.positions_turn.value_or(layout.positions_turn);
    defaults.rope_theta = config.rope_theta.value_or(defaults.rope_theta);
    defaults.rope_share = config.rotary_share.value_or(layout.rotary_share);
    defaults.rope_dim = config.rotary_dim;
    defaults.rope_interleaved = config.rotary_interleaved.value_or(false);
    defaults.rope_scaling = config.rotary_scaling;
    defaults.relative_bias = relative_bias(bundle, 0);
    if (!defaults.relative_bias.empty()) {
        defaults.relative_max_distance = config.relative_max_distance.value_or(128);
        defaults.bidirectional = !*defaults.causal;
    }
    return defaults;
}

std::optional<std::size_t> window_left(const WeightBundle& bundle, std::size_t layer) {
    const ModelConfig& config = bundle.config;
    const std::size_t period = bundle.layout->window_period;
    if (!config.window) return std::nullopt;
    if (!config.window_layers.empty()) {
        if (!config.window_layers[layer]) return std::nullopt;
    } else if (config.first_window_layer) {
        if (layer < *config.first_window_layer) return std::nullopt;
    } else if (period != 0 && layer % period != 0) {
        return std::nullopt;
    }
    return *config.window - 1;
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
        fail(bundle.path, ": lacks ", listed(bundle.missing_attention), " of ",
             bundle.layout->title, ", which its attention needs");
    }
    require_nothing_left_over(bundle, LeftOver::Part::attention, "");
}

void require_whole_blocks(const WeightBundle& bundle) {
    if (!bundle.missing.empty()) {
        fail(bundle.path, ": lacks ", listed(bundle.missing), " of ", bundle.layout->title,
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
    fail(bundle.path, ": holds ", listed(keys), ", which ", bundle.layout->title,
         " as it is computed here does not have",
         needed_for.empty() ? "" : " and which may change ", needed_for);
}

}  // namespace attn::model
