// What tools write for published models, in tests/golden/configs/FAMILY[-MODEL].json.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "model/family_lists.hpp"
#include "support/config.hpp"

using namespace attn;
using attn::model::Layout;
using attn::model::layouts;
using attn::model::ModelConfig;
using attn::test::config_of;

namespace {

const std::filesystem::path kFolder =
    std::filesystem::path(ATTN_SOURCE_DIR) / "tests/golden/configs";

std::string text_of(const std::string& name) {
    std::ifstream file(kFolder / (name + ".json"));
    REQUIRE(file.good());
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// "gpt-neox-5" -> "gpt-neox"; empty where there is no such family.
std::string family_of(const std::string& name) {
    std::string longest;
    for (const Layout& layout : layouts()) {
        const bool fits = name == layout.name || name.rfind(layout.name + "-", 0) == 0;
        if (fits && layout.name.size() > longest.size()) longest = layout.name;
    }
    return longest;
}

ModelConfig published(const std::string& name) {
    return config_of(family_of(name), text_of(name));
}

}  // namespace

TEST_CASE("configs of published models are understood to the last key") {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
        const std::string name = entry.path().stem().string();
        if (name.rfind("refused-", 0) == 0 || name == "phi3-128k") continue;
        INFO(name);
        const ModelConfig config = published(name);
        CHECK(config.unknown_attention.empty());
        CHECK(config.unknown_block.empty() == (name != "gpt-oss"));
        CHECK(config.unknown_activation.empty());
        CHECK(config.not_understood == std::vector<std::string>{});
        ++count;
    }
    CHECK(count >= 38);
}

TEST_CASE("configs of published models have the effect that their own code gives them") {
    CHECK(published("gpt2").heads == std::size_t{12});
    CHECK(!published("gpt2-new").causal);
    CHECK(published("gpt2").activation == Activation::gelu_tanh);
    CHECK(published("bert").epsilon == 1e-12);
    CHECK(published("roberta").first_position == std::size_t{2});
    CHECK(published("distilbert").d_hidden == std::size_t{3072});
    CHECK(published("vit").claims.size() == 1);
    CHECK(published("t5").d_head == std::size_t{64});
    CHECK(published("t5-flan").activation == Activation::gelu_tanh);
    CHECK(!published("llama-2").rope_theta);
    for (const char* name : {"llama-3.2", "llama-5"}) {
        const ModelConfig llama = published(name);
        CHECK(llama.rotary_scaling.kind == RotaryStretch::llama3);
        CHECK(llama.rotary_scaling.factor == 32);
        CHECK(llama.rotary_scaling.original_length == 8192);
        CHECK(llama.rope_theta == 5e5);
        CHECK(llama.tied == true);
    }
    CHECK(published("mistral").window == std::size_t{4096});
    CHECK(!published("mistral-0.3").window);
    CHECK(!published("qwen2").window);
    CHECK(!published("qwen3").window);
    CHECK(!published("gemma").activation);
    const ModelConfig gemma2 = published("gemma2");
    CHECK(gemma2.scale == 1.0 / 16);
    CHECK(gemma2.softcap == 50.0);
    CHECK(gemma2.window == std::size_t{4096});
    for (const char* name : {"gemma3", "gemma3-5"}) {
        const ModelConfig gemma3 = published(name);
        CHECK(gemma3.rope_theta == 1e6);
        CHECK(gemma3.window_theta == 1e4);
        CHECK(gemma3.full_period == std::size_t{6});
        CHECK(gemma3.window == std::size_t{512});
    }
    CHECK(published("gemma3-5").rotary_scaling.factor == 8);
    const ModelConfig smollm = published("llama-smollm3");
    CHECK(smollm.rotary_layers.size() == 36);
    CHECK(smollm.rotary_layers[2]);
    CHECK(!smollm.rotary_layers[3]);
    const ModelConfig oss = published("gpt-oss");
    CHECK(oss.rotary_scaling.kind == RotaryStretch::yarn);
    CHECK(!oss.rotary_scaling.truncate);
    CHECK(oss.window_layers.size() == 24);
    CHECK(published("phi").rotary_share == 0.4);
    CHECK(published("phi3").window == std::size_t{2047});
    for (const char* name : {"gpt-neox", "gpt-neox-5"}) {
        CHECK(published(name).rotary_share == 0.25);
        CHECK(published(name).parallel == true);
    }
    const ModelConfig gptj = published("transformer-lens-gptj");
    CHECK(gptj.rotary_dim == std::size_t{64});
    CHECK(gptj.rotary_interleaved == true);
    CHECK(gptj.parallel == true);
    CHECK(gptj.scale == 1.0 / 16);
    const ModelConfig llava = published("llama-llava");
    CHECK(llava.heads == std::size_t{32});
    CHECK(llava.epsilon == 1e-5);
    CHECK(published("gemma-paligemma").kv_heads == std::size_t{1});
}

TEST_CASE("configs that ask for more than their names' family computes are refused by key") {
    const auto refused = [](const std::string& family, const std::string& name) {
        return config_of(family, text_of(name)).unknown_attention;
    };
    const std::string granite = refused("llama", "refused-llama-granite");
    for (const char* key :
         {"attention_multiplier", "embedding_multiplier", "logits_scaling", "residual_multiplier"})
        CHECK_THAT(granite, Catch::Contains(key));
    CHECK_THAT(published("gpt-oss").unknown_block,
               Catch::Contains("\"num_local_experts\": 32 (a mixture of experts)"));
    CHECK_THAT(refused("mistral", "refused-llama-mixtral"),
               Catch::Contains("\"num_local_experts\": 8 (a mixture of experts)"));
    CHECK_THAT(refused("phi3", "phi3-128k"), Catch::Contains("\"longrope\""));
}

TEST_CASE("a class without a number of heads has its own default") {
    const auto heads = [](const std::string& family, const std::string& type) {
        return config_of(family, "{\"model_type\": \"" + type + "\"}").heads;
    };
    CHECK(heads("t5", "t5") == 8U);
    CHECK(heads("t5", "mt5") == 6U);
    CHECK(heads("umt5", "umt5") == 6U);
    CHECK_FALSE(heads("umt5", "t5"));
    CHECK(heads("roberta", "camembert") == 12U);
}
