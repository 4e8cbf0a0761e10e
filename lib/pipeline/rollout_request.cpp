#include "pipeline/rollout_request.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/numbers.hpp"
#include "core/word_list.hpp"
#include "results/manifest.hpp"

namespace attn::pipeline {
namespace {

using analysis::Fuse;

// A flag that was given, and the methods for which it does something.
struct MethodFlag {
    bool given;
    const char* flag;
    std::vector<RolloutMethod> methods;
};

std::vector<MethodFlag> flags_of_methods(const RolloutRequest& request) {
    using M = RolloutMethod;
    const std::vector<M> products{M::attention, M::gradient_rollout};
    const std::vector<M> weights{M::attention, M::flow};
    const std::vector<M> layers{M::attention, M::flow, M::gradient_rollout};
    const std::vector<M> gradients{M::relevance, M::gradient_rollout};
    return {
        {request.fuse && *request.fuse != Fuse::per_head, "--fuse", weights},
        {request.fuse == Fuse::per_head, "--fuse per-head", products},
        {!request.head_weights.empty(), "--head-weights", weights},
        {request.residual.has_value(), "--residual", layers},
        {request.no_residual, "--no-residual", layers},
        {request.renormalise.has_value(), "--renormalise", layers},
        {request.discard.has_value(), "--discard", layers},
        {request.first_key.has_value(), "--first-key", layers},
        {request.uniform_baseline, "--baseline uniform", products},
        {request.normalise, "--normalise", {M::flow}},
        {request.save.layers,
         "--save layers",
         {M::attention, M::relevance, M::gradient_rollout, M::contributions}},
        {!request.cross.empty(), "--cross", {M::attention, M::relevance}},
        {!request.encoder.empty(), "--encoder", {M::attention, M::relevance}},
        {!request.gradients.empty(), "--gradients", gradients},
        {!request.cross_gradients.empty(), "--cross-gradients", {M::relevance}},
        {!request.encoder_gradients.empty(), "--encoder-gradients", {M::relevance}},
    };
}

void require_method(const RolloutRequest& request) {
    for (const MethodFlag& flag : flags_of_methods(request)) {
        const auto& methods = flag.methods;
        if (!flag.given ||
            std::find(methods.begin(), methods.end(), request.method) != methods.end())
            continue;
        std::vector<std::string> names;
        for (const RolloutMethod method : methods) names.push_back(name_of(method));
        fail(flag.flag, ": has no effect on --method ", name_of(request.method), ", it is for ",
             joined(names, " and "));
    }
}

void require_pairs(const RolloutRequest& request) {
    const bool per_head = request.fuse == Fuse::per_head;
    const struct {
        bool both;
        const char* flag;
        const char* other;
    } pairs[] = {
        {per_head && request.save.layers, "--fuse per-head", "--save layers"},
        {per_head && !request.cross.empty(), "--fuse per-head", "--cross"},
        {request.sources && !request.cross.empty(), "--sources", "--cross"},
        {request.sources && !request.grid.empty(), "--sources", "--grid"},
        {request.sources && request.save.layers, "--sources", "--save layers"},
        {request.uniform_baseline && !request.cross.empty(), "--baseline", "--cross"},
        {request.save.layers && !request.cross.empty(), "--save layers", "--cross"},
    };
    for (const auto& pair : pairs) {
        if (pair.both) fail(pair.flag, " and ", pair.other, " exclude each other");
    }
}

}  // namespace

const std::vector<std::string>& rollout_method_names() {
    static const std::vector<std::string> names{"attention", "flow", "relevance",
                                                "gradient-rollout", "contributions"};
    return names;
}

const std::string& name_of(RolloutMethod method) {
    return rollout_method_names()[static_cast<std::size_t>(method)];
}

const std::vector<std::string>& rollout_save_names() {
    static const std::vector<std::string> names{"rollout", "layers", "heatmaps"};
    return names;
}

RolloutSave parse_rollout_save(const std::string& list) {
    RolloutSave save{false, false, false};
    for (const std::string& item : split_at(list, ',')) {
        if (item == "rollout") {
            save.rollout = true;
        } else if (item == "layers") {
            save.layers = true;
        } else if (item == "heatmaps") {
            save.heatmaps = true;
        } else {
            fail("--save ", quoted(item), ": expected a list of ", joined(rollout_save_names()),
                 did_you_mean(item, rollout_save_names()));
        }
    }
    return save;
}

analysis::RolloutOptions RolloutRequest::options() const {
    analysis::RolloutOptions options;
    if (method == RolloutMethod::relevance) options.fused = analysis::Fused::relevance;
    if (method == RolloutMethod::gradient_rollout) options.fused = analysis::Fused::gradient;
    if (method == RolloutMethod::contributions) {
        // The residual is inside of what the values add.
        options.residual = 0;
        options.own_cell = true;
        return options;
    }
    options.fuse = fuse.value_or(options.fuse);
    options.residual = no_residual ? 0 : residual.value_or(options.residual);
    options.renormalise = renormalise.value_or(options.renormalise);
    options.discard = discard.value_or(options.discard);
    options.discard_scope = discard_scope.value_or(options.discard_scope);
    options.first_key = first_key.value_or(options.first_key);
    return options;
}

bool RolloutRequest::reads_arrays() const {
    for (const std::string& name :
         {from.source, cross, encoder, gradients, cross_gradients, encoder_gradients})
        if (!name.empty() && !results::is_run_folder(name)) return true;
    return false;
}

void require_rollout_sense(const RolloutRequest& request) {
    if (request.is_computed() && request.computed.weights.empty() && request.computed.query.empty())
        fail(
            "rollout needs SOURCE, attention that was saved, or --weights (or --query, --key and "
            "--value) to compute it from");
    require_method(request);
    require_pairs(request);
    if (!request.image.empty() && request.grid.empty())
        fail("--image needs --grid ROWSxCOLUMNS, or ROWSxCOLUMNS+1 with a class token in front");
    if (request.discard && !(*request.discard < 1))
        fail("--discard ", *request.discard, ": expected a number from 0 to below 1");
    if (request.discard_scope && request.discard.value_or(0) == 0)
        fail("--discard-scope: has no effect without --discard");
    if (!request.head_weights.empty() && request.fuse.value_or(Fuse::mean) != Fuse::mean)
        fail("--head-weights: are of a mean of the heads; leave out --fuse");
    if (!request.encoder.empty() && request.cross.empty())
        fail("--encoder: has no effect without --cross");
    if (request.method == RolloutMethod::contributions && !request.is_computed())
        fail(
            "--method contributions: needs values, which saved weights have not; give "
            "--embeddings and --weights, or token ids, instead of SOURCE");
    if (request.method == RolloutMethod::contributions && request.from.heads)
        fail("--head: has no effect on --method contributions, whose vectors are sums over heads");
    if (request.is_computed() && !request.from.axes.empty() && !request.reads_arrays())
        fail("--axes: has no effect on attention that is computed, only on saved arrays");
    if (request.method != RolloutMethod::relevance &&
        request.method != RolloutMethod::gradient_rollout)
        return;
    if (request.gradients.empty())
        fail("--method ", name_of(request.method),
             ": needs --gradients, those of a loss with respect to the weights");
    for (const auto& [weights, gradients, flag, other] :
         {std::tuple(request.cross, request.cross_gradients, "--cross", "--cross-gradients"),
          std::tuple(request.encoder, request.encoder_gradients, "--encoder",
                     "--encoder-gradients")}) {
        if (weights.empty() && !gradients.empty()) fail(other, ": has no effect without ", flag);
        if (!weights.empty() && gradients.empty())
            fail(flag, ": --method relevance needs ", other, " beside it");
    }
}

}  // namespace attn::pipeline
