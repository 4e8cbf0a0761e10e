#include "model/family_lists.hpp"

#include <catch2/catch.hpp>

#include "support/config.hpp"

using namespace attn;
using attn::model::Layout;
using attn::model::layouts;
using attn::model::ModelConfig;
using attn::test::config_of;
using attn::test::refused;

namespace {

const std::vector<std::string> kRotary{"llama",  "mistral", "qwen2", "qwen3",    "gemma",  "gemma2",
                                       "gemma3", "phi",     "phi3",  "gpt-neox", "gpt-oss"};

}  // namespace

TEST_CASE("windows are those of the family's own class") {
    CHECK(!config_of("qwen2", R"({"sliding_window": 4})").window);
    CHECK(!config_of("qwen2", R"({"use_sliding_window": false, "sliding_window": 4})").window);
    const ModelConfig on = config_of("qwen2", R"({"use_sliding_window": true})");
    CHECK(on.window == std::size_t{4096});
    CHECK(on.first_window_layer == std::size_t{28});
    const ModelConfig late = config_of(
        "qwen3", R"({"use_sliding_window": true, "sliding_window": 9, "max_window_layers": 2})");
    CHECK(late.window == std::size_t{9});
    CHECK(late.first_window_layer == std::size_t{2});
    const ModelConfig types = config_of(
        "qwen2",
        R"({"use_sliding_window": true, "layer_types": ["full_attention", "sliding_attention"]})");
    CHECK(types.window_layers == std::vector<bool>{false, true});
    CHECK_THAT(refused("qwen2", R"({"layer_types": ["full_attention", "sliding_attention"]})"),
               Catch::Contains("\"use_sliding_window\" is off"));

    CHECK(config_of("mistral", R"({"hidden_size": 8})").window == std::size_t{4096});
    CHECK(!config_of("mistral", R"({"sliding_window": null})").window);
    CHECK_THAT(refused("mistral", R"({"layer_types": ["full_attention", "sliding_attention"]})"),
               Catch::Contains("do not agree with \"sliding_window\""));
    CHECK(!config_of("phi3", R"({"hidden_size": 8})").window);
    CHECK(config_of("phi3", R"({"sliding_window": 2047})").window == std::size_t{2047});
    CHECK(config_of("gemma2", R"({"hidden_size": 8})").window == std::size_t{4096});
    CHECK(refused("gemma2", R"({"sliding_window_pattern": 2})").empty());
    CHECK_THAT(refused("gemma2", R"({"sliding_window_pattern": 6})"),
               Catch::Contains("\"sliding_window_pattern\": 6"));

    const ModelConfig stray = config_of("llama", R"({"sliding_window": 4})");
    CHECK(!stray.window);
    CHECK(stray.ignored == std::vector<std::string>{"sliding_window"});
    for (const char* family : {"gpt2", "bert", "phi", "gemma", "gpt-neox", "t5"})
        CHECK_THAT(refused(family, R"({"sliding_window": 4})"),
                   Catch::Contains("\"sliding_window\": 4 (a window)"));
    for (const std::string& family : kRotary) {
        INFO(family);
        CHECK(refused(family, R"({"sliding_window": null, "layer_types": ["full_attention"]})")
                  .empty());
        CHECK_THAT(refused(family, R"({"layer_types": ["linear_attention"]})"),
                   Catch::Contains("layers of"));
        CHECK_THAT(refused(family, R"({"attention_chunk_size": 8192})"),
                   Catch::Contains("\"attention_chunk_size\": 8192 (attention inside of chunks)"));
    }
}

TEST_CASE("scales and soft caps take effect in the families that have them, and in no other") {
    const ModelConfig gemma2 = config_of("gemma2", R"({"hidden_size": 8})");
    CHECK(gemma2.scale == 1.0 / 16);
    CHECK(gemma2.softcap == 50.0);
    CHECK(gemma2.logit_softcap == 30.0);
    const ModelConfig own = config_of("gemma2", R"({"query_pre_attn_scalar": 64,
        "attn_logit_softcapping": null, "final_logit_softcapping": 5})");
    CHECK(own.scale == 0.125);
    CHECK(!own.softcap);
    CHECK(own.logit_softcap == 5.0);
    CHECK(config_of("gpt2", R"({"scale_attn_weights": false})").scale == 1.0);
    CHECK(!config_of("gpt2", R"({"scale_attn_weights": true})").scale);
    CHECK(config_of("native", R"({"scale": 0.25})").scale == 0.25);
    // A key that the code does not read.
    CHECK_THAT(refused("gemma3", R"({"attn_logit_softcapping": 30})"),
               Catch::Contains("\"attn_logit_softcapping\": 30 (which the code of Gemma 3"));
    for (const Layout& layout : layouts()) {
        INFO(layout.name);
        for (const char* key : {"attn_logit_softcapping", "query_pre_attn_scalar", "sdpa_scale"}) {
            if (layout.name.rfind("gemma", 0) == 0 && layout.name != "gemma" && key[0] != 's')
                continue;
            if (key[0] == 's') key = "my_score_scale";
            CHECK_THAT(refused(layout.name, std::string("{\"") + key + "\": 30}"),
                       Catch::Contains("\": 30 ("));
        }
    }
}
