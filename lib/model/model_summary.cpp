#include "model/model_summary.hpp"

#include <set>
#include <sstream>

#include "core/error.hpp"
#include "core/word_list.hpp"
#include "model/activation_name.hpp"
#include "model/assumptions.hpp"

namespace attn::model {
namespace {

std::string with_commas(std::size_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t end = digits.size(); end > 3; end -= 3) digits.insert(end - 3, ",");
    return digits;
}

template <class... Parts>
std::string text(const Parts&... parts) {
    std::ostringstream stream;
    (stream << ... << parts);
    return stream.str();
}

// "float32", "bfloat16 and float32 (87,424 numbers)"; only what is used.
std::string precision(const WeightBundle& bundle) {
    std::set<std::string> types;
    std::size_t numbers = 0;
    const auto count = [&](const NamedArrays& arrays) {
        std::set<std::string> seen;  // a norm may stand under two of our names
        for (const auto& [name, array] : arrays) {
            if (!seen.insert(array.name).second) continue;
            types.insert(to_string(array.dtype));
            numbers += element_count(array.shape, array.name);
        }
    };
    for (const NamedArrays& layer : bundle.layers) count(layer);
    count(bundle.model);
    std::string list;
    for (const std::string& type : types) list += (list.empty() ? "" : " and ") + type;
    return list + ", " + with_commas(numbers) + " numbers";
}

// Tokens and positions that the file has tables for.
std::string tables(const WeightBundle& bundle) {
    std::string list;
    for (const auto& [name, what] :
         {std::pair("token_table", " tokens"), std::pair("position_table", " positions")}) {
        const auto found = bundle.model.find(name);
        if (found == bundle.model.end() || found->second.shape.empty()) continue;
        list += (list.empty() ? "" : ", ") + with_commas(found->second.shape[0]) + what;
    }
    return list.empty() ? "none: give embeddings or hidden states" : list;
}

std::string matrices(const WeightBundle& bundle) {
    const bool fused = bundle.layers.front().count("W_QKV") != 0;
    std::string order = bundle.layout->order == MatrixOrder::in_out
                            ? "[in, out], applied as x @ W"
                            : "[out, in], as nn.Linear keeps them";
    if (!fused) return order;
    return order + (bundle.layout->fused == FusedOrder::per_head
                        ? "; one for queries, keys and values, head by head"
                        : "; one for queries, then keys, then values");
}

std::string norms(const WeightBundle& bundle) {
    const Layout& layout = *bundle.layout;
    const ModelConfig& config = bundle.config;
    const std::string kind =
        config.norm.value_or(layout.norm) == NormKind::rms ? "RMSNorm" : "LayerNorm";
    const bool first = config.norm_first.value_or(!layout.post_norm);
    const bool both = bundle.layers.front().count("after_attention.weight") != 0;
    return text(kind,
                both    ? " before and behind"
                : first ? " before"
                        : " behind",
                " attention and feed-forward, epsilon ", config.epsilon.value_or(layout.epsilon));
}

std::string feed_forward(const WeightBundle& bundle) {
    const NamedArrays& arrays = bundle.layers.front();
    const Layout& layout = *bundle.layout;
    const ModelConfig& config = bundle.config;
    if (arrays.count("W_in") == 0 && arrays.count("W_gate_in") == 0) return "none";
    std::string name = describe(config.activation.value_or(layout.activation));
    if (!config.unknown_activation.empty())
        name = config.unknown_activation + ", which is not computed";
    if (arrays.count("W_gate") != 0 || arrays.count("W_gate_in") != 0) name += ", gated";
    if (config.parallel.value_or(layout.parallel)) name += ", beside the attention";
    return name;
}

std::string rotary(const AttentionDefaults& defaults) {
    std::string note =
        text("rotary, pairs ", defaults.rope_interleaved ? "2k and 2k + 1" : "k and k + d/2",
             ", theta ", defaults.rope_theta);
    if (defaults.rope_share != 1) note += text(", on ", 100 * defaults.rope_share, " % of a head");
    const RotaryScaling& scaling = defaults.rope_scaling;
    const char* stretch = scaling.kind == RotaryStretch::linear    ? "linear"
                          : scaling.kind == RotaryStretch::dynamic ? "dynamic"
                          : scaling.kind == RotaryStretch::yarn    ? "YaRN"
                          : scaling.kind == RotaryStretch::llama3  ? "Llama 3"
                                                                   : nullptr;
    if (stretch != nullptr) note += text(", stretched ", scaling.factor, " times (", stretch, ")");
    return note;
}

std::size_t count_kind(const WeightBundle& bundle, RotaryKind kind) {
    std::size_t count = 0;
    for (std::size_t layer = 0; layer < bundle.layers.size(); ++layer)
        count += rotary_kind(bundle, layer) == kind ? 1 : 0;
    return count;
}

std::string positions(const WeightBundle& bundle, const AttentionDefaults& defaults) {
    if (defaults.rope) {
        std::string note = rotary(defaults);
        if (defaults.window_theta) {
            note += text("; in ", count_kind(bundle, RotaryKind::window),
                         " layers with a window theta ", *defaults.window_theta, ", not stretched");
        }
        const std::size_t none = count_kind(bundle, RotaryKind::none);
        if (none > 0) note += text("; none in ", counted(none, "layer"));
        return note;
    }
    if (!defaults.relative_bias.empty())
        return text("T5's relative bias, ", defaults.bidirectional ? "both ways" : "backwards",
                    ", up to ", defaults.relative_max_distance);
    return bundle.model.count("position_table") != 0 ? "a table, added to the tokens"
                                                     : "none, or added to the embeddings";
}

std::string attention(const WeightBundle& bundle, const AttentionDefaults& defaults) {
    std::string note = defaults.causal.value_or(false) ? "causal" : "every key";
    note += defaults.scale ? text(", scale ", *defaults.scale) : ", scale 1/sqrt(d_head)";
    if (bundle.layers.front().count("q_norm.weight") != 0) note += ", queries and keys normalised";
    if (defaults.scale_by_layer) note += ", divided by the number of the layer, counted from 1";
    if (defaults.softcap) note += text(", softcap ", *defaults.softcap);
    if (!sinks(bundle, 0).empty()) note += ", a learned sink in each head";
    std::size_t windows = 0;
    for (std::size_t layer = 0; layer < bundle.layers.size(); ++layer)
        windows += window_left(bundle, layer) ? 1 : 0;
    if (windows > 0)
        note += text(", a window of ", counted(*bundle.config.window, "key"), " in ",
                     windows == bundle.layers.size() ? "all" : text(windows), " layers");
    return note;
}

std::string key_heads(const LayerSizes& sizes) {
    return text(sizes.kv_heads, " key/value heads, each for ", sizes.heads / sizes.kv_heads,
                " query heads in a row");
}

void add_attention_notes(const WeightBundle& bundle, ModelSummary& summary) {
    try {
        require_whole_attention(bundle);
    } catch (const Error& problem) {
        summary.notes.emplace_back("not computed", problem.what());
    }
    try {
        const AttentionDefaults defaults = attention_defaults(bundle);
        summary.notes.emplace_back("attention", attention(bundle, defaults));
        summary.notes.emplace_back("positions", positions(bundle, defaults));
    } catch (const Error& problem) {
        summary.notes.emplace_back("attention", problem.what());
    }
}

// What config.json says and what it leaves to the family: "rms_norm_eps 1e-05, rope_theta 500000".
void add_config_notes(const ModelConfig& config, ModelSummary& summary) {
    const auto add = [&](const char* name, const std::vector<std::string>& list) {
        if (!list.empty()) summary.notes.emplace_back(name, joined(list));
    };
    add("config.json", config.read);
    add("by default", config.defaults);
    add("without effect", config.ignored);
    add("config keys not understood", config.not_understood);
}

}  // namespace

ModelSummary summarise(const WeightBundle& bundle) {
    ModelSummary summary;
    summary.layout = bundle.layout->name;
    summary.title = bundle.layout->title;
    summary.layers = bundle.layers.size();
    summary.d_model = model_width(bundle);
    summary.missing = bundle.missing;
    for (const LeftOver& array : bundle.left_over) summary.left_over.push_back(array.key);
    summary.unused = bundle.unused;
    summary.embeds_tokens = bundle.model.count("token_table") != 0;
    if (!bundle.prefix.empty()) summary.notes.emplace_back("names", "behind " + bundle.prefix);
    for (const std::string& other : bundle.others)
        summary.notes.emplace_back("another model", "under " + other + ", not read");
    try {
        summary.sizes = describe_layer(bundle, 0);
    } catch (const Error& problem) {
        summary.notes.emplace_back("heads", problem.what());
    }
    summary.notes.emplace_back("precision", precision(bundle));
    if (summary.layout == "native") {
        add_config_notes(bundle.config, summary);
        return summary;
    }
    summary.notes.emplace_back("tables", tables(bundle));
    if (summary.sizes && summary.sizes->kv_heads < summary.sizes->heads)
        summary.notes.emplace_back("key heads", key_heads(*summary.sizes));
    summary.notes.emplace_back("matrices", matrices(bundle));
    add_attention_notes(bundle, summary);
    const bool blocks = !bundle.layout->layer.empty();
    if (blocks && summary.layers > 1) {
        try {
            require_whole_blocks(bundle);
        } catch (const Error& problem) {
            summary.only_first_layer = problem.what();
        }
    }
    if (blocks) summary.notes.emplace_back("norms", norms(bundle));
    if (blocks) summary.notes.emplace_back("feed-forward", feed_forward(bundle));
    const std::string assumed = assumptions(bundle, blocks);
    if (!assumed.empty()) summary.notes.emplace_back("assumed", assumed);
    add_config_notes(bundle.config, summary);
    return summary;
}

}  // namespace attn::model
