#include "pipeline/run_options.hpp"

#include <nlohmann/json.hpp>

#include "attention/default_scale.hpp"
#include "io/json_text.hpp"
#include "model/activation_name.hpp"
#include "source/attention_options.hpp"

namespace attn::pipeline {
namespace {

std::string json_text(const nlohmann::json& value) {
    return io::json_value(value);
}

std::string name_or_null(const std::string& name) {
    return name.empty() ? "null" : json_text(name);
}

const char* name_of(ScoreStage stage) {
    switch (stage) {
        case ScoreStage::scaled:
            return "scaled";
        case ScoreStage::softcapped:
            return "softcapped";
        case ScoreStage::biased:
            break;
    }
    return "biased";
}

const char* name_of(RotaryStretch kind) {
    switch (kind) {
        case RotaryStretch::linear:
            return "linear";
        case RotaryStretch::dynamic:
            return "dynamic";
        case RotaryStretch::yarn:
            return "yarn";
        case RotaryStretch::llama3:
            return "llama3";
        case RotaryStretch::none:
            break;
    }
    return "none";
}

long long window_side(const std::optional<std::size_t>& side) {
    return side ? static_cast<long long>(*side) : -1;
}

std::string rope_text(const source::AttentionRequest& attention, std::size_t d_head) {
    if (!attention.rope) return "null";
    return json_text(
        {{"theta", attention.rope_theta.value_or(source::kRopeTheta)},
         {"dim", attention.rope_dim.value_or(d_head)},
         {"interleaved", attention.rope_interleaved},
         {"stretch", name_of(attention.rope_scaling.kind)},
         {"factor", attention.rope_scaling.factor},
         {"window_theta",
          attention.window_theta ? nlohmann::json(*attention.window_theta) : nlohmann::json()},
         {"positions",
          attention.positions.empty() ? nlohmann::json() : nlohmann::json(attention.positions)}});
}

std::string relative_text(const source::AttentionRequest& attention) {
    if (attention.relative_bias.empty()) return "null";
    return json_text({{"table", attention.relative_bias},
                      {"max_distance", attention.relative_max_distance},
                      {"bidirectional", attention.bidirectional}});
}

// What flags or config.json say about the blocks around the attention; null: as the family does.
void add_block_options(const model::WeightBundle& bundle,
                       std::vector<results::ManifestOption>& options) {
    const model::ModelConfig& config = bundle.config;
    options.emplace_back("layout", json_text(bundle.layout->name));
    options.emplace_back("norm_first", config.norm_first ? json_text(*config.norm_first) : "null");
    options.emplace_back(
        "activation", config.activation ? json_text(model::describe(*config.activation)) : "null");
    options.emplace_back("norm_eps", config.epsilon ? json_text(*config.epsilon) : "null");
}

// The files that the input came from; those that were not given are left out.
void add_input_names(const source::ComputedRequest& request,
                     std::vector<results::ManifestOption>& options) {
    const std::pair<const char*, const std::string*> names[] = {
        {"embeddings", &request.embeddings},
        {"hidden_states", &request.hidden_states},
        {"token_ids", &request.token_ids},
        {"token_type_ids", &request.token_type_ids},
        {"positions", &request.attention.positions},
        {"context", &request.context},
        {"weights", &request.weights},
        {"query", &request.query},
        {"key", &request.key},
        {"value", &request.value},
    };
    for (const auto& [name, value] : names) {
        if (!value->empty()) options.emplace_back(name, json_text(*value));
    }
}

}  // namespace

template <class T>
std::vector<results::ManifestOption> describe_input_options(
    const source::ComputedRequest& request, const source::ComputedInputs<T>& inputs) {
    const source::AttentionRequest& attention = inputs.attention;
    const MaskStructure& structure = inputs.options.mask.structure;
    const std::size_t d_head = inputs.layers.front().d_head;
    const double scale = inputs.options.scale.value_or(default_scale(d_head));
    std::vector<results::ManifestOption> options;
    add_input_names(request, options);
    if (inputs.has_weights()) add_block_options(*inputs.bundle, options);
    const std::vector<results::ManifestOption> values{
        {"heads", json_text(inputs.heads)},
        {"kv_heads", json_text(inputs.kv_heads)},
        {"kv_order", json_text(attention.kv_order == KvOrder::tile ? "tile" : "repeat")},
        {"causal", json_text(structure.causal)},
        {"query_offset", json_text(structure.offsets)},
        {"window", json_text(std::vector<long long>{window_side(structure.window_left),
                                                    window_side(structure.window_right)})},
        {"mask", name_or_null(attention.mask)},
        {"mask_true", json_text(attention.mask_true_ignores ? "ignore" : "attend")},
        {"key_lengths", structure.key_lengths.empty() ? "null" : json_text(structure.key_lengths)},
        {"bias", name_or_null(attention.bias)},
        {"scale", json_text(scale)},
        {"scale_by_layer", json_text(attention.scale_by_layer)},
        {"softcap", attention.softcap ? json_text(*attention.softcap) : "null"},
        {"sink", name_or_null(attention.sink)},
        {"scores_at", json_text(name_of(attention.scores_at))},
        {"rope", rope_text(attention, d_head)},
        {"alibi", json_text(attention.alibi)},
        {"relative_bias", relative_text(attention)},
        {"past_key", name_or_null(attention.past_key)},
        {"past_value", name_or_null(attention.past_value)},
        {"precision", json_text(request.precision == source::Precision::f32 ? "f32" : "f64")},
        {"engine", json_text(attention.engine == Engine::xtensor ? "xtensor" : "tiled")},
        {"allow_nonfinite", json_text(request.allow_nonfinite)},
    };
    options.insert(options.end(), values.begin(), values.end());
    return options;
}

template <class T>
std::vector<results::ManifestOption> describe_options(const RunRequest& request,
                                                      const source::ComputedInputs<T>& inputs) {
    auto options = describe_input_options(request.input, inputs);
    options.insert(options.end() - 1, {{"verify", json_text(request.verify)},
                                       {"grid", name_or_null(request.grid)},
                                       {"norm_weight", name_or_null(request.norm_weight)},
                                       {"norm_bias", name_or_null(request.norm_bias)}});
    // Its numbers are those of one process but for rounding, which may have other last bits. Scores
    // far from zero, and one layer after another, make more of those of projections.
    if (request.ring) {
        nlohmann::json ring{{"ranks", request.ranks.size()}, {"within", nullptr}};
        if (!request.input.query.empty()) ring["within"] = 1e-6;
        options.emplace_back("ring", json_text(ring));
    }
    return options;
}

template std::vector<results::ManifestOption> describe_input_options(
    const source::ComputedRequest&, const source::ComputedInputs<float>&);
template std::vector<results::ManifestOption> describe_input_options(
    const source::ComputedRequest&, const source::ComputedInputs<double>&);

template std::vector<results::ManifestOption> describe_options(
    const RunRequest&, const source::ComputedInputs<float>&);
template std::vector<results::ManifestOption> describe_options(
    const RunRequest&, const source::ComputedInputs<double>&);

}  // namespace attn::pipeline
