#include "model/config_agreement.hpp"

#include <catch2/catch.hpp>

#include "support/config.hpp"

using namespace attn;
using attn::test::config_container;

namespace {

// A bundle of two layers of width 4 with the arrays of these names (ours), and a config.
model::WeightBundle bundle_of(const std::string& family, const std::vector<std::string>& names,
                              const std::string& json) {
    model::WeightBundle bundle;
    bundle.path = "model";
    bundle.layout = &model::find_layout(family);
    bundle.layers.resize(2);
    for (model::NamedArrays& layer : bundle.layers) {
        for (const std::string& name : names) {
            layer[name].name = name;
            layer[name].shape = name[0] == 'b' ? Shape{4} : Shape{4, 4};
        }
    }
    bundle.config = test::config_of(family, json);
    return bundle;
}

void agree(const std::string& family, const std::vector<std::string>& names,
           const std::string& json) {
    model::require_agreement(config_container(json), bundle_of(family, names, json));
}

const std::vector<std::string> kPlain{"W_Q", "W_K", "W_V", "W_O", "W_in", "W_gate"};
const std::vector<std::string> kBiased{"W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V", "b_O"};

}  // namespace

TEST_CASE("biases are there if, and only if, config.json says so") {
    CHECK_NOTHROW(agree("llama", kPlain, R"({"attention_bias": false, "mlp_bias": false})"));
    CHECK_NOTHROW(agree("llama", kBiased, R"({"attention_bias": true})"));
    CHECK_THROWS_WITH(agree("llama", kPlain, R"({"attention_bias": true})"),
                      "model: config.json says \"attention_bias\": true, and layer 0 has no "
                      "self_attn.q_proj.bias");
    CHECK_THROWS_WITH(agree("llama", kBiased, R"({"attention_bias": false})"),
                      "model: config.json says \"attention_bias\": false, and layer 0 has "
                      "self_attn.q_proj.bias");
}

TEST_CASE("biases that no key asks for are not those of a family that makes them by a key") {
    const std::string llama = R"({"model_type": "llama"})";
    CHECK_NOTHROW(agree("llama", kPlain, llama));
    CHECK_NOTHROW(agree("llama", kBiased, R"({"model_type": "llama", "attention_bias": true})"));
    CHECK_THROWS_WITH(agree("llama", kBiased, llama),
                      "model: config.json says \"model_type\": \"llama\" and nothing of "
                      "\"attention_bias\", and layer 0 has self_attn.q_proj.bias");
    CHECK_THROWS_WITH(agree("mistral", kBiased, R"({"model_type": "mistral"})"),
                      Catch::Contains("\"mistral\", which has no such arrays"));
    // Without a config.json, or the name of a family in it, nobody says what the code would do.
    CHECK_NOTHROW(agree("llama", kBiased, "{}"));
    CHECK_NOTHROW(agree("qwen2", {"W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V"},
                        R"({"model_type": "qwen2"})"));
}

TEST_CASE("a family whose norms are RMSNorm has no biases of norms") {
    CHECK_THROWS_WITH(agree("qwen3", {"W_Q", "before_feed_forward.bias"}, "{}"),
                      "before_feed_forward.bias: is the bias of a norm, and Qwen3's norm (RMSNorm) "
                      "has none");
    CHECK_NOTHROW(agree("gpt2", {"W_QKV", "before_feed_forward.bias"}, "{}"));
}

TEST_CASE("sizes that config.json says are those of the arrays") {
    CHECK_NOTHROW(agree("llama", kPlain, R"({"hidden_size": 4, "intermediate_size": 4})"));
    CHECK_THROWS_WITH(agree("llama", kPlain, R"({"num_hidden_layers": 3})"),
                      Catch::Contains("has 2 layers, config.json says 3 (num_hidden_layers)"));
    CHECK_THROWS_WITH(agree("llama", kPlain, R"({"intermediate_size": 8})"),
                      Catch::Contains("8 (intermediate_size)"));
    CHECK_THROWS_WITH(agree("gemma2", kPlain, R"({"layer_types": ["full_attention"]})"),
                      Catch::Contains("config.json lists 1 (layer_types)"));
    CHECK_THROWS_WITH(agree("llama", kPlain, R"({"model_type": "smollm3", "no_rope_layers": [1]})"),
                      Catch::Contains("config.json lists 1 (no_rope_layers)"));
}

TEST_CASE("TransformerLens' norms and parts of blocks are there if its cfg says so") {
    const auto lens = [](const std::vector<std::string>& names, const std::string& json) {
        agree("transformer-lens", names, json);
    };
    const std::vector<std::string> normed{"W_Q", "W_K", "W_V", "before_attention.weight",
                                          "before_attention.bias"};
    CHECK_NOTHROW(lens(normed, R"({"normalization_type": "LN", "attn_only": true})"));
    CHECK_NOTHROW(lens(kPlain, R"({"normalization_type": "LNPre", "gated_mlp": true})"));
    model::WeightBundle table = bundle_of("transformer-lens", kPlain, R"({"n_heads": 2,
        "normalization_type": null, "positional_embedding_type": "rotary"})");
    table.model["position_table"].name = "pos_embed.W_pos";
    CHECK_THROWS_WITH(model::require_agreement(config_container("{}"), table),
                      Catch::Contains("pos_embed.W_pos: is a table of positions"));
    CHECK_THROWS_WITH(lens(kPlain, R"({"normalization_type": "LN"})"), Catch::Contains("ln1.w"));
    CHECK_THROWS_WITH(lens(normed, R"({"normalization_type": null})"), Catch::Contains("ln1.w"));
    CHECK_THROWS_WITH(lens(kPlain, R"({"normalization_type": null, "attn_only": true})"),
                      Catch::Contains("\"attn_only\": true"));
    CHECK_THROWS_WITH(lens(kPlain, R"({"normalization_type": null, "gated_mlp": false})"),
                      Catch::Contains("mlp.W_gate"));
}

TEST_CASE("TransformerLens' norm with a weight and no bias is an RMSNorm") {
    const std::vector<std::string> rms{"W_Q", "W_K", "W_V", "before_attention.weight"};
    std::vector<std::string> layer = rms;
    layer.emplace_back("before_attention.bias");
    const auto norm_of = [](const std::vector<std::string>& names, const std::string& json) {
        model::WeightBundle bundle = bundle_of("transformer-lens", names, json);
        model::infer_norm(bundle);
        model::require_agreement(config_container(json), bundle);
        return bundle.config.norm.value();
    };
    CHECK(norm_of(rms, "{}") == NormKind::rms);
    CHECK(norm_of(rms, R"({"n_heads": 2})") == NormKind::rms);
    CHECK(norm_of(layer, "{}") == NormKind::layer);
    CHECK(norm_of(rms, R"({"normalization_type": "RMS"})") == NormKind::rms);
    CHECK_THROWS_WITH(norm_of(rms, R"({"normalization_type": "LN"})"),
                      "before_attention.weight: has no bias beside it, as RMSNorm has, and "
                      "config.json says LayerNorm (normalization_type)");
    CHECK_THROWS_WITH(norm_of(layer, R"({"normalization_type": "RMS"})"),
                      Catch::Contains("has a bias beside it, as LayerNorm has"));
}

TEST_CASE("TransformerLens' norms are all of one kind") {
    model::WeightBundle bundle =
        bundle_of("transformer-lens", {"W_Q", "W_K", "W_V", "before_attention.weight"}, "{}");
    bundle.model["final_norm.weight"].name = "ln_final.w";
    bundle.model["final_norm.bias"].name = "ln_final.b";
    model::infer_norm(bundle);
    CHECK_THROWS_WITH(model::require_agreement(config_container("{}"), bundle),
                      "ln_final.w: has a bias beside it, as LayerNorm has, and the first norm of "
                      "the file is RMSNorm");
}

TEST_CASE("TransformerLens' sines need a config that says which columns turn") {
    io::Container container = config_container("{}");
    container.arrays["blocks.0.attn.rotary_sin"] = {};
    CHECK_THROWS_WITH(
        model::require_agreement(container, bundle_of("transformer-lens", kPlain, "{}")),
        Catch::StartsWith("model: has blocks.0.attn.rotary_sin, so its positions are rotary") &&
            Catch::Contains("a config.json beside it must describe"));
}
