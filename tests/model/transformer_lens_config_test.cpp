#include "model/family_lists.hpp"

#include <catch2/catch.hpp>

#include "support/config.hpp"

using namespace attn;
using attn::model::ModelConfig;
using attn::test::config_of;
using attn::test::refused;

TEST_CASE("every key of TransformerLens is read or refused") {
    const auto lens = [](const std::string& json) { return config_of("transformer-lens", json); };
    CHECK(lens(R"({"attn_scale": 4.0})").scale == 0.25);
    CHECK(!lens(R"({"attn_scale": -1.0})").scale);
    CHECK(lens(R"({"attn_scale": 4.0, "use_attn_scale": false})").scale == 1.0);
    CHECK(lens(R"({"attn_scores_soft_cap": 50.0})").softcap == 50.0);
    CHECK(!lens(R"({"attn_scores_soft_cap": -1.0})").softcap);
    CHECK(lens(R"({"output_logits_soft_cap": 30})").logit_softcap == 30.0);
    CHECK(lens(R"({"parallel_attn_mlp": true})").parallel == true);
    CHECK(lens(R"({"attention_dir": "bidirectional"})").causal == false);
    CHECK_THROWS_WITH(lens(R"({"attention_dir": "left"})"), Catch::Contains("attention_dir"));
    const ModelConfig rotary = lens(R"({"positional_embedding_type": "rotary", "rotary_dim": 16,
        "rotary_base": 5e5, "rotary_adjacent_pairs": true})");
    CHECK(rotary.positions_turn == true);
    CHECK(rotary.rotary_dim == std::size_t{16});
    CHECK(rotary.rope_theta == 5e5);
    CHECK(rotary.rotary_interleaved == true);
    CHECK(lens(R"({"n_heads": 4})").positions_turn == false);
    const ModelConfig local =
        lens(R"({"use_local_attn": true, "window_size": 4, "attn_types": ["global", "local"]})");
    CHECK(local.window == std::size_t{4});
    CHECK(local.window_layers == std::vector<bool>{false, true});
    const ModelConfig off =
        lens(R"({"use_local_attn": false, "window_size": 4, "attn_types": ["global", "local"]})");
    CHECK(!off.window);
    CHECK(off.window_layers.empty());
    CHECK(lens(R"({"normalization_type": "RMSPre"})").norms_are_bare == true);
    CHECK(lens(R"({"normalization_type": "RMS"})").norm == NormKind::rms);
    CHECK(!lens(R"({"normalization_type": null})").norm);
    for (const char* json :
         {R"({"use_local_attn": true, "window_size": 4})", R"({"normalization_type": "SoLU"})",
          R"({"final_rms": true})", R"({"scale_attn_by_inverse_layer_idx": true})",
          R"({"positional_embedding_type": "shortformer"})",
          R"({"positional_embedding_type": "alibi"})", R"({"use_NTK_by_parts_rope": true})",
          R"({"rotary_base_local": 10000})", R"({"rotary_scaling_factor": 8.0})",
          R"({"num_experts": 8})", R"({"use_qk_norm": true})", R"({"post_embedding_ln": true})",
          R"({"use_normalization_before_and_after": true})", R"({"rmsnorm_uses_offset": true})"}) {
        INFO(json);
        CHECK(!refused("transformer-lens", json).empty());
    }
}

TEST_CASE("TransformerLens' layers attend globally or locally") {
    CHECK_THAT(refused("transformer-lens", R"({"attn_types": ["global", "dilated"]})"),
               Catch::Contains("layers of type \"dilated\""));
}
