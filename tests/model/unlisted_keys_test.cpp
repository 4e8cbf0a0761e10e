#include "model/config_keys.hpp"

#include <catch2/catch.hpp>

#include "support/config.hpp"

using namespace attn;
using attn::model::Layout;
using attn::model::layouts;
using attn::model::ModelConfig;
using attn::test::config_of;
using attn::test::refused;

TEST_CASE("keys that no list of the family names and that may change the result are refused") {
    for (const Layout& layout : layouts()) {
        INFO(layout.name);
        for (const char* key :
             {"embedding_multiplier", "residual_multiplier", "attention_multiplier",
              "logits_scaling", "no_rope_layer_interval", "clip_qkv", "num_local_experts",
              "my_attention_kind", "ropeBase", "hiddenActivationKind", "kv_lora_rank",
              "head_groups", "extra_norm", "mask_future", "local_window", "pos_enc"}) {
            INFO(key);
            CHECK_THAT(refused(layout.name, std::string("{\"") + key + "\": 7}"),
                       Catch::Contains(std::string("\"") + key + "\": 7"));
            CHECK(refused(layout.name, std::string("{\"") + key + "\": null}").empty());
        }
        for (const char* key : {"alibi", "qk_norm", "parallel_attn", "multi_query"}) {
            INFO(key);
            CHECK_THAT(refused(layout.name, std::string("{\"") + key + "\": true}"),
                       Catch::Contains(std::string("\"") + key + "\": true"));
            CHECK(refused(layout.name, std::string("{\"") + key + "\": false}").empty());
        }
        CHECK_THAT(refused(layout.name, R"({"use_rope": false})"), Catch::Contains("use_rope"));
        CHECK_THAT(refused(layout.name, R"({"pruned_heads": {"0": [1, 2]}})"),
                   Catch::Contains("layers that lack heads"));
        CHECK(refused(layout.name, R"({"embedding_multiplier": 1.0, "some_scaling": 1})").empty());
        const ModelConfig other = config_of(layout.name, R"({"favourite_colour": "red"})");
        CHECK(other.not_understood == std::vector<std::string>{"favourite_colour"});
        CHECK(other.unknown_attention.empty());
    }
}

TEST_CASE("keys about training, tokens and files pass in every family") {
    for (const Layout& layout : layouts()) {
        INFO(layout.name);
        const ModelConfig config = config_of(layout.name, R"({"_name_or_path": "x",
            "architectures": ["A"], "attention_dropout": 0.1, "attn_pdrop": 0.1,
            "attention_probs_dropout_prob": 0.1, "bos_token_id": 1, "eos_token_id": [1, 2],
            "id2label": {"0": "no"}, "initializer_range": 0.02, "output_attentions": true,
            "torch_dtype": "float16", "transformers_version": "4.38", "use_cache": true,
            "_attn_implementation": "sdpa", "quantization_config": {"bits": 4, "mask": true},
            "is_encoder_decoder": false, "pruned_heads": {}, "use_flash_attn": true})");
        CHECK(config.unknown_attention.empty());
        CHECK(config.unknown_block.empty());
        CHECK(config.not_understood.empty());
    }
}

TEST_CASE("multipliers of Granite and layers without positions are refused behind --layout llama") {
    CHECK_THAT(refused("llama", R"({"model_type": "granite", "embedding_multiplier": 12.0})"),
               Catch::Contains("\"embedding_multiplier\": 12 (it multiplies the embeddings)"));
    CHECK_THAT(refused("llama", R"({"no_rope_layers": [1, 1, 0]})"),
               Catch::Contains("\"no_rope_layers\": [1, 1, 0]"));
    CHECK(refused("llama", R"({"no_rope_layers": [1, 1, 1]})").empty());
    CHECK(refused("llama", R"({"model_type": "smollm3", "no_rope_layers": [1, 1, 0]})").empty());
    CHECK_THAT(refused("llama", R"({"model_type": "smollm3", "use_sliding_window": true})"),
               Catch::Contains("windows in layers without rotary positions"));
    CHECK_THAT(refused("llama", R"({"model_type": "llama4_text"})"),
               Catch::Contains("layers without rotary positions"));
}
