#include "model/assumptions.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

#include "core/affix.hpp"
#include "core/error.hpp"
#include "core/word_list.hpp"
#include "model/activation_name.hpp"
#include "model/dotted_name.hpp"

namespace attn::model {
namespace {

bool has_feed_forward(const WeightBundle& bundle) {
    const NamedArrays& arrays = bundle.layers.front();
    return arrays.count("W_in") != 0 || arrays.count("W_gate_in") != 0;
}

// Whether the file says it, or the configuration of a family that has one.
bool is_said(const WeightBundle& bundle, const std::string& field) {
    const bool has_config = bundle.config.raw.any && !bundle.layout->norms_move;
    return has_config || bundle.config.keys.count(field) != 0;
}

template <class... Parts>
std::string assumed(const Parts&... parts) {
    std::ostringstream stream;
    (stream << ... << parts);
    return stream.str();
}

}  // namespace

bool has_norms(const WeightBundle& bundle) {
    const auto is_norm = [](const auto& entry) {
        return starts_with(entry.first, "before_") || starts_with(entry.first, "after_");
    };
    const NamedArrays& arrays = bundle.layers.front();
    return std::any_of(arrays.begin(), arrays.end(), is_norm);
}

void apply(const BlockFlags& flags, WeightBundle& bundle) {
    const Layout& layout = *bundle.layout;
    if (flags.norm_first) {
        if (!layout.norms_move)
            fail("--norm-first: where the norms of ", layout.title, " stand is fixed");
        bundle.config.norm_first = true;
        bundle.config.keys["norm_first"] = "--norm-first";
    }
    if (!flags.activation.empty()) {
        const auto activation = activation_named(flags.activation);
        if (!activation)
            fail("--activation ", flags.activation, ": expected one of ",
                 joined(known_activations()));
        if (!has_feed_forward(bundle))
            fail("--activation ", flags.activation, ": ", bundle.path, " has no feed-forward part");
        bundle.config.activation = activation;
        bundle.config.unknown_activation.clear();
        bundle.config.keys["activation"] = "--activation";
    }
    if (flags.epsilon) {
        if (!has_norms(bundle))
            fail("--norm-eps ", *flags.epsilon, ": ", bundle.path, " has no norms");
        bundle.config.epsilon = flags.epsilon;
        bundle.config.keys["epsilon"] = "--norm-eps";
    }
}

std::string assumptions(const WeightBundle& bundle, bool whole_blocks) {
    const Layout& layout = *bundle.layout;
    const ModelConfig& config = bundle.config;
    std::vector<std::string> list;
    if (layout.norms_move && has_norms(bundle) && !is_said(bundle, "norm_first"))
        list.emplace_back("norms behind attention and feed-forward (--norm-first)");
    const bool norms_count = whole_blocks || !layout.post_norm || config.norm_first.value_or(false);
    if (has_norms(bundle) && norms_count && !is_said(bundle, "epsilon"))
        list.push_back(
            assumed("epsilon ", config.epsilon.value_or(layout.epsilon), " (--norm-eps E)"));
    if (has_feed_forward(bundle) && whole_blocks && !is_said(bundle, "activation"))
        list.emplace_back("activation " + describe(config.activation.value_or(layout.activation)) +
                          " (--activation NAME)");
    if (layout.positions_turn && !is_said(bundle, "rope_theta"))
        list.push_back(assumed("rotary theta ",
                               config.rope_theta.value_or(AttentionDefaults{}.rope_theta),
                               " (--rope --rope-theta X)"));
    return joined(list);
}

}  // namespace attn::model
