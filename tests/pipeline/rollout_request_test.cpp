#include "pipeline/rollout_request.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"

using namespace attn;
using namespace attn::pipeline;
using Catch::Contains;

namespace {

template <class Change>
std::string refusal(const Change& change) {
    RolloutRequest request;
    request.from.source = "weights.npy";
    change(request);
    try {
        require_rollout_sense(request);
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("a rollout of nothing but its source has sense") {
    CHECK(refusal([](RolloutRequest&) {}).empty());
}

TEST_CASE("flags that the method leaves no say are refused with the methods they are for") {
    CHECK_THAT(refusal([](RolloutRequest& r) { r.gradients = "g.npy"; }),
               Contains("--gradients: has no effect on --method attention") &&
                   Contains("relevance and gradient-rollout"));
    CHECK_THAT(refusal([](RolloutRequest& r) {
                   r.method = RolloutMethod::relevance;
                   r.gradients = "g.npy";
                   r.residual = 0.3;
               }),
               Contains("--residual: has no effect on --method relevance"));
}

TEST_CASE("methods of gradients need them") {
    for (const auto method : {RolloutMethod::relevance, RolloutMethod::gradient_rollout})
        CHECK_THAT(refusal([&](RolloutRequest& r) { r.method = method; }),
                   Contains("needs --gradients"));
}

TEST_CASE("flags that contradict each other are refused, both by name") {
    CHECK_THAT(refusal([](RolloutRequest& r) {
                   r.fuse = analysis::Fuse::per_head;
                   r.save.layers = true;
               }),
               Contains("--fuse per-head and --save layers exclude each other"));
    CHECK_THAT(refusal([](RolloutRequest& r) {
                   r.head_weights = "w.npy";
                   r.fuse = analysis::Fuse::max;
               }),
               Contains("--head-weights"));
    CHECK_THAT(refusal([](RolloutRequest& r) {
                   r.sources = std::vector<std::size_t>{2};
                   r.save.layers = true;
               }),
               Contains("--sources and --save layers exclude each other"));
    CHECK_THAT(refusal([](RolloutRequest& r) { r.encoder = "e.npy"; }),
               Contains("--encoder: has no effect without --cross"));
    CHECK_THAT(refusal([](RolloutRequest& r) { r.discard = 1; }), Contains("--discard 1"));
    CHECK_THAT(refusal([](RolloutRequest& r) { r.discard_scope = analysis::DiscardScope::row; }),
               Contains("--discard-scope: has no effect without --discard"));
}

TEST_CASE("what is saved is named, and a name that nobody knows is answered with the nearest") {
    CHECK_FALSE(parse_rollout_save("layers").rollout);
    CHECK(parse_rollout_save("layers,heatmaps").heatmaps);
    CHECK_THROWS_WITH(parse_rollout_save("layer"), Contains("did you mean layers?"));
    CHECK_THROWS_WITH(parse_rollout_save("rollout,"), Contains("--save ''"));
}
