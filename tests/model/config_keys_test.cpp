#include "model/config_keys.hpp"

#include <catch2/catch.hpp>

#include "support/config.hpp"

using namespace attn;
using attn::model::ModelConfig;
using attn::test::config_of;
using attn::test::refused;

TEST_CASE("activations are known by all their names") {
    const auto activation = [](const char* family, const std::string& json) {
        return config_of(family, json).activation;
    };
    CHECK(activation("bert", R"({"hidden_act": "gelu"})") == Activation::gelu);
    CHECK(activation("gpt2", R"({"activation_function": "gelu_new"})") == Activation::gelu_tanh);
    CHECK(activation("gpt-neox", R"({"hidden_act": "gelu_fast"})") == Activation::gelu_tanh);
    CHECK(activation("llama", R"({"hidden_act": "silu"})") == Activation::silu);
    CHECK(activation("t5", R"({"feed_forward_proj": "relu"})") == Activation::relu);
    CHECK(activation("t5", R"({"feed_forward_proj": "gated-gelu", "dense_act_fn": "gelu_new"})") ==
          Activation::gelu_tanh);
    CHECK(activation("t5", R"({"feed_forward_proj": "gated-silu"})") == Activation::silu);
    CHECK_THROWS_WITH(activation("t5", R"({"feed_forward_proj": "relu", "dense_act_fn": "silu"})"),
                      Catch::Contains("contradicts its \"feed_forward_proj\""));
    const ModelConfig unknown = config_of("bert", R"({"hidden_act": "quick_gelu"})");
    CHECK(!unknown.activation);
    CHECK(unknown.unknown_activation == "activation \"quick_gelu\"");
    // Gemma means the approximation by tanh, except where the newer key says otherwise.
    CHECK(!activation("gemma", R"({"hidden_act": "gelu"})"));
    CHECK(activation("gemma", R"({"hidden_act": "gelu", "hidden_activation": "gelu"})") ==
          Activation::gelu);
    CHECK_THAT(refused("gemma", R"({"hidden_act": "relu"})"), Catch::Contains("hidden_act"));
}

TEST_CASE("two keys of one meaning must agree") {
    CHECK(config_of("gpt2", R"({"n_head": 12, "num_attention_heads": 12})").heads ==
          std::size_t{12});
    CHECK_THROWS_WITH(config_of("gpt2", R"({"n_head": 12, "num_attention_heads": 16})"),
                      Catch::Contains("which contradicts its \"n_head\""));
    CHECK_THROWS_WITH(
        config_of("llama", R"({"rope_theta": 1e4, "rope_parameters": {"rope_theta": 1e6}})"),
        Catch::Contains("which contradicts its \"rope_theta\""));
}
