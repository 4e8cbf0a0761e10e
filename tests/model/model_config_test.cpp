#include "model/model_config.hpp"

#include <catch2/catch.hpp>

#include "support/config.hpp"

using namespace attn;
using attn::model::Layout;
using attn::model::layouts;
using attn::model::ModelConfig;
using attn::test::config_of;
using attn::test::refused;

namespace {

const std::vector<std::string> kDecoders{"gpt2",  "llama", "mistral",  "qwen2",
                                         "qwen3", "gemma", "gemma2",   "gemma3",
                                         "phi",   "phi3",  "gpt-neox", "gpt-oss"};

}  // namespace

TEST_CASE("every family has a list of config keys, and reads an empty config") {
    for (const Layout& layout : layouts()) {
        INFO(layout.name);
        const ModelConfig config = config_of(layout.name, "{}");
        CHECK(config.unknown_attention.empty());
        CHECK(config.unknown_block.empty());
        CHECK(!config.heads);
        CHECK(config.defaults.empty());
    }
}

TEST_CASE("a decoder is causal whatever is_decoder says, and follows is_causal") {
    for (const std::string& family : kDecoders) {
        INFO(family);
        for (const char* value : {"true", "false", "null"})
            CHECK(!config_of(family, std::string("{\"is_decoder\": ") + value + "}").causal);
        CHECK(config_of(family, R"({"is_causal": false, "sliding_window": null})").causal == false);
        CHECK(config_of(family, R"({"is_causal": true, "sliding_window": null})").causal == true);
    }
    CHECK_THAT(refused("mistral", R"({"is_causal": false})"), Catch::Contains("a window while"));
    for (const char* family : {"bert", "roberta"}) {
        CHECK(config_of(family, R"({"is_decoder": true})").causal == true);
        CHECK(config_of(family, R"({"is_decoder": false})").causal == false);
        CHECK_THAT(refused(family, R"({"is_causal": true})"),
                   Catch::Contains("\"is_causal\": true"));
    }
    for (const char* family : {"distilbert", "vit", "timm"})
        CHECK_THAT(refused(family, R"({"is_decoder": true})"),
                   Catch::Contains("\"is_decoder\": true (which keys may be attended)"));
}

TEST_CASE("heads are the class's own where config.json names it and says no more") {
    CHECK(config_of("llama", R"({"model_type": "llama"})").heads == std::size_t{32});
    CHECK(config_of("gemma", R"({"model_type": "gemma"})").heads == std::size_t{16});
    CHECK(!config_of("llama", R"({"rms_norm_eps": 1e-5})").heads);
    CHECK(!config_of("llama", R"({"num_key_value_heads": null, "head_dim": null})").kv_heads);
}

TEST_CASE("RoBERTa's class has BERT's epsilon, its published models another one") {
    CHECK(!config_of("roberta", "{}").epsilon);
    CHECK(config_of("roberta", R"({"model_type": "roberta"})").epsilon == 1e-12);
    CHECK(config_of("roberta", R"({"layer_norm_eps": 1e-5})").epsilon == 1e-5);
}
