#include "pipeline/rollout_words.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "attention/division.hpp"
#include "core/word_list.hpp"
#include "io/json_text.hpp"

namespace attn::pipeline {
namespace {

std::string fusion_text(const RolloutRequest& request, std::size_t heads) {
    if (heads == 1) return "one head";
    const std::string count = counted(heads, "head");
    if (!request.head_weights.empty()) return "weighted mean of " + count;
    switch (request.fuse.value_or(analysis::Fuse::mean)) {
        case analysis::Fuse::max:
            return "max of " + count;
        case analysis::Fuse::min:
            return "min of " + count;
        case analysis::Fuse::per_head:
            return "each head of the last layer over the mean of those below";
        case analysis::Fuse::mean:
            break;
    }
    return "mean of " + count;
}

template <class Kind>
std::string word_of(const std::vector<std::string>& words, Kind kind) {
    return io::json_value(words[static_cast<std::size_t>(kind)]);
}

}  // namespace

std::string array_name_of(RolloutMethod method) {
    if (method == RolloutMethod::flow) return "flow";
    return method == RolloutMethod::relevance ? "relevance" : "rollout";
}

std::string value_name_of(RolloutMethod method) {
    if (method == RolloutMethod::flow) return "flow";
    return method == RolloutMethod::relevance ? "relevance" : "share of the input";
}

std::string short_number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g", value);
    return text;
}

std::string rollout_title(const RolloutRequest& request, std::size_t heads) {
    if (request.method == RolloutMethod::contributions)
        return "rollout of contributions: what the values add, residual inside";
    const std::string fusion = fusion_text(request, heads);
    if (request.method == RolloutMethod::relevance)
        return "relevance: gradient × weight, " + fusion + ", not normalised";
    const std::string what =
        request.method == RolloutMethod::gradient_rollout ? "gradient" : "attention";
    std::string title = what + (request.method == RolloutMethod::flow ? " flow: " : " rollout: ") +
                        fusion + ", residual " + short_number(request.options().residual);
    if (request.start_layer.value_or(0) > 0)
        title += ", from layer " + std::to_string(*request.start_layer);
    return title;
}

std::string doubt_of_row(const std::string& source, const analysis::FarRow& row, bool batch) {
    std::string place = "layer " + std::to_string(row.layer);
    if (batch) place += ", sequence " + std::to_string(row.sequence);
    return source + ": the weights of " + place + ", head " + std::to_string(row.head) +
           ", query " + std::to_string(row.query) + " add up to " + short_number(row.sum) +
           ", not to 1; attn-inspect check says more";
}

std::vector<results::ManifestOption> rollout_manifest_options(const RolloutRequest& request) {
    const analysis::RolloutOptions options = request.options();
    const auto text = [](const std::string& value) {
        return value.empty() ? std::string("null") : io::json_value(value);
    };
    return {
        {"method", text(name_of(request.method))},
        {"fuse", word_of({"mean", "max", "min", "per-head"}, options.fuse)},
        {"head_weights", text(request.head_weights)},
        {"residual", io::json_value(options.residual)},
        {"renormalise", word_of({"after", "before", "none"}, options.renormalise)},
        {"discard", io::json_value(options.discard)},
        {"discard_scope", word_of({"matrix", "row"}, options.discard_scope)},
        {"first_key", word_of({"keep", "residual", "drop"}, options.first_key)},
        {"start_layer", io::json_value(request.start_layer.value_or(0))},
        {"normalise", io::json_value(request.normalise)},
        {"cross", text(request.cross)},
        {"encoder", text(request.encoder)},
        {"gradients", text(request.gradients)},
    };
}

std::string idle_ranks_text(const std::string& source, std::size_t sequences, std::size_t ranks) {
    return source + ": has " + counted(sequences, "sequence") + " for " + std::to_string(ranks) +
           " ranks; a rollout is divided by sequence, so that " + idle_text(ranks - sequences);
}

}  // namespace attn::pipeline
