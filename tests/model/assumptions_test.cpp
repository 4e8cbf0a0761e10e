#include "model/assumptions.hpp"

#include <catch2/catch.hpp>

using namespace attn::model;

namespace {

WeightBundle bundle_of(const std::string& layout) {
    WeightBundle bundle;
    bundle.path = "model.safetensors";
    bundle.layout = &find_layout(layout);
    bundle.layers.resize(1);
    for (const char* name : {"W_in", "after_attention_sum.weight"}) bundle.layers[0][name] = {};
    return bundle;
}

}  // namespace

TEST_CASE("what counts only behind the attention is not assumed where that is not computed") {
    const WeightBundle bundle = bundle_of("torch-encoder");
    CHECK(assumptions(bundle, false) == "norms behind attention and feed-forward (--norm-first)");
    CHECK_THAT(assumptions(bundle, true),
               Catch::Contains("epsilon 1e-05") && Catch::Contains("activation relu"));
}

TEST_CASE("flags leave nothing to assume") {
    WeightBundle bundle = bundle_of("torch-encoder");
    apply({true, "gelu_new", 1e-3}, bundle);
    CHECK(assumptions(bundle, true).empty());
    CHECK(bundle.config.norm_first == true);
    CHECK(bundle.config.activation == attn::Activation::gelu_tanh);
    CHECK(bundle.config.epsilon == 1e-3);
}

TEST_CASE("a family with a configuration of its own has its defaults from it") {
    WeightBundle bundle = bundle_of("bert");
    CHECK(!assumptions(bundle, true).empty());
    bundle.config.raw.any = true;
    CHECK(assumptions(bundle, true).empty());
}

TEST_CASE("an activation that is not known is refused with those that are") {
    WeightBundle bundle = bundle_of("torch-encoder");
    CHECK_THROWS_WITH(
        apply({false, "swish2", {}}, bundle),
        Catch::StartsWith("--activation swish2: expected one of ") && Catch::Contains("silu"));
}
