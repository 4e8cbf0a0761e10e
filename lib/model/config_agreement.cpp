#include "model/config_agreement.hpp"

#include <algorithm>

#include "core/affix.hpp"
#include "core/error.hpp"
#include "core/word_list.hpp"

namespace attn::model {
namespace {

// "config.json says 12 layers (num_hidden_layers)"
std::string says(const ModelConfig& config, const std::string& field, std::size_t value) {
    return "config.json says " + std::to_string(value) + " (" + config.keys.at(field) + ")";
}

// As "layer 0 has no b_Q (attn.q_proj.bias)" or the reverse.
void check_claims(const WeightBundle& bundle) {
    const NamedArrays& arrays = bundle.layers.front();
    for (const ArrayClaim& claim : bundle.config.claims) {
        for (const TensorName& tensor : bundle.layout->in_layer) {
            const auto& names = claim.names;
            if (std::find(names.begin(), names.end(), tensor.ours) == names.end()) continue;
            if ((arrays.count(tensor.ours) != 0) == claim.present) continue;
            fail(bundle.path, ": config.json says ", claim.said, ", and layer 0 has ",
                 claim.present ? "no " : "", tensor.theirs);
        }
    }
}

void check_position_table(const WeightBundle& bundle) {
    const auto table = bundle.model.find("position_table");
    if (!bundle.config.positions_turn.value_or(false) || table == bundle.model.end()) return;
    fail(table->second.name,
         ": is a table of positions, and config.json says that they are rotary (",
         bundle.config.keys.at("positions"), ")");
}

void check_hidden_width(const WeightBundle& bundle) {
    const std::optional<std::size_t>& said = bundle.config.d_hidden;
    const auto W_in = bundle.layers.front().find("W_in");
    if (!said || W_in == bundle.layers.front().end() || W_in->second.shape.size() != 2) return;
    const Shape& shape = W_in->second.shape;
    if (shape[bundle.layout->order == MatrixOrder::in_out ? 1 : 0] == *said) return;
    fail(W_in->second.name, " ", to_string(shape), ": does not fit what config.json says: ", *said,
         " (", bundle.config.keys.at("d_hidden"), ")");
}

void check_buckets(const WeightBundle& bundle) {
    const std::optional<std::size_t>& said = bundle.config.relative_buckets;
    const auto table = bundle.layers.front().find("relative_bias");
    if (!said || table == bundle.layers.front().end() || table->second.shape.size() != 2) return;
    if (table->second.shape[0] == *said) return;
    fail(table->second.name, " ", to_string(table->second.shape), ": has other rows than the ",
         *said, " that config.json says (", bundle.config.keys.at("relative_buckets"), ")");
}

// TransformerLens keeps sines and cosines in the file, but not which columns rotate together.
void check_rotary_buffers(const io::Container& container, const WeightBundle& bundle) {
    if (bundle.config.positions_turn.value_or(bundle.layout->positions_turn)) return;
    const std::string end = "attn.rotary_sin";
    for (const auto& [key, array] : container.arrays) {
        if (key.size() < end.size() || key.compare(key.size() - end.size(), end.size(), end) != 0)
            continue;
        fail(bundle.path, ": has ", key, ", so its positions are rotary, which ",
             bundle.config.raw.any ? "its config.json does not say"
                                   : "a config.json beside it must describe",
             " (\"positional_embedding_type\": \"rotary\", with rotary_dim, rotary_base and "
             "rotary_adjacent_pairs)");
    }
}

// Of families with RMSNorm, which has none: transformers drops what a file has of them.
void check_norm_biases(const WeightBundle& bundle) {
    const Layout& layout = *bundle.layout;
    if (layout.norm != NormKind::rms || layout.norms_may_be_bare) return;
    const auto refuse_in = [&](const NamedArrays& arrays) {
        for (const auto& [ours, array] : arrays) {
            if (ends_with(ours, ".bias"))
                fail(array.name, ": is the bias of a norm, and ", layout.title,
                     "'s norm (RMSNorm) has none");
        }
    };
    for (const NamedArrays& layer : bundle.layers) refuse_in(layer);
    refuse_in(bundle.model);
}

// TransformerLens' LayerNorm always has a bias, its RMSNorm never.
void check_norm(const WeightBundle& bundle, const NamedArrays& arrays, const std::string& norm) {
    const auto weight = arrays.find(norm + ".weight");
    if (weight == arrays.end()) return;
    const auto called = [](bool biased) { return biased ? "LayerNorm" : "RMSNorm"; };
    const ModelConfig& config = bundle.config;
    const bool wanted = config.norm.value_or(bundle.layout->norm) == NormKind::layer;
    const bool biased = arrays.count(norm + ".bias") != 0;
    if (biased == wanted) return;
    const auto said = config.keys.find("norm");
    fail(weight->second.name, ": has ", biased ? "a" : "no", " bias beside it, as ", called(biased),
         " has, and ",
         said == config.keys.end()
             ? std::string("the first norm of the file is ") + called(wanted)
             : "config.json says " + std::string(called(wanted)) + " (" + said->second + ")");
}

void check_norms(const WeightBundle& bundle) {
    if (!bundle.layout->norms_may_be_bare) return;
    for (const NamedArrays& layer : bundle.layers) {
        check_norm(bundle, layer, "before_attention");
        check_norm(bundle, layer, "before_feed_forward");
    }
    // Where "final_rms" is refused already, it is known to be another one.
    if (bundle.config.unknown_block.empty()) check_norm(bundle, bundle.model, "final_norm");
}

}  // namespace

void infer_norm(WeightBundle& bundle) {
    ModelConfig& config = bundle.config;
    if (!bundle.layout->norms_may_be_bare || config.keys.count("norm") != 0) return;
    const NamedArrays& arrays = bundle.layers.front();
    for (const std::string norm : {"before_attention", "before_feed_forward"}) {
        if (arrays.count(norm + ".weight") == 0) continue;
        if (arrays.count(norm + ".bias") != 0) return;
        config.norm = NormKind::rms;
        std::replace(config.defaults.begin(), config.defaults.end(),
                     std::string("normalization_type LN"), std::string("normalization_type RMS"));
        return;
    }
}

void require_agreement(const io::Container& container, const WeightBundle& bundle) {
    const ModelConfig& config = bundle.config;
    if (config.layers && *config.layers != bundle.layers.size()) {
        fail(bundle.path, ": has ", counted(bundle.layers.size(), "layer"), ", ",
             says(config, "layers", *config.layers));
    }
    const std::size_t width = model_width(bundle);
    if (config.d_model && *config.d_model != width) {
        fail(bundle.path, ": its projections read ", counted(width, "column"), ", ",
             says(config, "d_model", *config.d_model));
    }
    const auto table = bundle.model.find("token_table");
    if (config.vocabulary && table != bundle.model.end() &&
        table->second.shape.front() < *config.vocabulary) {
        fail(table->second.name, " ", to_string(table->second.shape), ": has fewer tokens than ",
             says(config, "vocabulary", *config.vocabulary));
    }
    if (!config.window_layers.empty() && config.window_layers.size() != bundle.layers.size()) {
        fail(bundle.path, ": has ", counted(bundle.layers.size(), "layer"), ", config.json lists ",
             config.window_layers.size(), " (", config.keys.at("layer_types"), ")");
    }
    if (!config.rotary_layers.empty() && config.rotary_layers.size() != bundle.layers.size()) {
        fail(bundle.path, ": has ", counted(bundle.layers.size(), "layer"), ", config.json lists ",
             config.rotary_layers.size(), " (", config.keys.at("rotary_layers"), ")");
    }
    check_rotary_buffers(container, bundle);
    check_claims(bundle);
    check_norm_biases(bundle);
    check_norms(bundle);
    check_position_table(bundle);
    check_hidden_width(bundle);
    check_buckets(bundle);
}

}  // namespace attn::model
