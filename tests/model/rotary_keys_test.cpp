#include "model/config_keys.hpp"

#include <catch2/catch.hpp>

#include "support/config.hpp"

using namespace attn;
using attn::model::ModelConfig;
using attn::test::config_of;
using attn::test::refused;

namespace {

const std::vector<std::string> kWithRotary{"llama", "mistral",  "qwen2",  "qwen3",
                                           "gemma", "gemma2",   "gemma3", "phi",
                                           "phi3",  "gpt-neox", "gpt-oss"};

}  // namespace

TEST_CASE("rotary scaling is read in its old and its new form") {
    for (const std::string& family : kWithRotary) {
        INFO(family);
        for (const std::string before : {"rope_scaling", "rope_parameters"}) {
            const ModelConfig config =
                config_of(family, "{\"" + before + R"(": {"rope_type": "llama3", "factor": 8,
                    "original_max_position_embeddings": 8192}})");
            CHECK(config.rotary_scaling.kind == RotaryStretch::llama3);
            CHECK(config.rotary_scaling.factor == 8);
            CHECK(config.rotary_scaling.original_length == 8192);
        }
        CHECK(config_of(family, R"({"rope_parameters": {"rope_type": "default",
            "rope_theta": 5e5}})")
                  .rope_theta == 5e5);
        CHECK_THAT(refused(family, R"({"rope_scaling": {"type": "longrope", "short_factor": [1.0],
            "long_factor": [2.0]}})"),
                   Catch::Contains("rotary scaling \"longrope\""));
        CHECK_THAT(refused(family, R"({"rope_scaling": {"type": "yarn", "factor": 2}})"),
                   Catch::Contains("without \"max_position_embeddings\""));
        CHECK_THAT(refused(family, R"({"rope_scaling": {"type": "linear"}})"),
                   Catch::Contains("without a \"factor\""));
        CHECK_THAT(refused(family, R"({"rope_scaling": {"type": "default",
            "mrope_section": [16, 24, 24]}})"),
                   Catch::Contains("mrope_section"));
    }
    for (const char* family : {"gpt2", "bert", "vit", "t5", "native"})
        CHECK_THAT(refused(family, R"({"rope_scaling": {"type": "linear", "factor": 2}})"),
                   Catch::Contains("rope_scaling/factor"));
}

TEST_CASE("rotary positions of single types of layers must be alike") {
    const std::string same = R"({"rope_type": "default", "rope_theta": 1e4})";
    CHECK(config_of("gemma2", "{\"rope_parameters\": {\"full_attention\": " + same +
                                  ", \"sliding_attention\": " + same + "}}")
              .rope_theta == 1e4);
    CHECK_THROWS_WITH(
        config_of("gemma2", "{\"rope_parameters\": {\"full_attention\": " + same +
                                R"(, "sliding_attention": {"rope_theta": 1e6}}})"),
        Catch::Contains("rope_parameters/sliding_attention/rope_theta\": 1000000, which "
                        "contradicts its \"rope_parameters/full_attention/rope_theta\""));
}

TEST_CASE("only families whose heads rotate in part read how much of them does") {
    CHECK(config_of("phi", R"({"partial_rotary_factor": 0.4})").rotary_share == 0.4);
    CHECK(config_of("phi3", R"({"partial_rotary_factor": 0.75})").rotary_share == 0.75);
    CHECK(config_of("gpt-neox", R"({"rotary_pct": 0.5})").rotary_share == 0.5);
    for (const char* family : {"llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2"}) {
        CHECK(refused(family, R"({"partial_rotary_factor": 1.0})").empty());
        CHECK_THAT(refused(family, R"({"partial_rotary_factor": 0.5})"),
                   Catch::Contains("only a part of each head rotates"));
    }
    CHECK_THROWS_WITH(config_of("phi", R"({"partial_rotary_factor": 1.5})"),
                      Catch::Contains("must be a number from 0.001 to 1, it is 1.5"));
}

TEST_CASE("llama3's scaling needs its three numbers") {
    const auto scaled = [](const std::string& numbers) {
        return R"({"max_position_embeddings": 64, "rope_scaling": {"rope_type": "llama3",
                   "factor": 8)" +
               numbers + "}}";
    };
    const std::string frequencies = R"(, "low_freq_factor": 1, "high_freq_factor": 4)";
    const std::string length = R"(, "original_max_position_embeddings": 8)";
    CHECK(refused("llama", scaled(frequencies + length)).empty());
    CHECK_THAT(refused("llama", scaled(frequencies)),
               Catch::Contains("without \"original_max_position_embeddings\""));
    CHECK_THAT(refused("llama", scaled(length)),
               Catch::Contains("without \"low_freq_factor\"") &&
                   Catch::Contains("without \"high_freq_factor\""));
}

TEST_CASE("scaling that contradicts itself is refused") {
    const auto gemma = [](const std::string& full, const std::string& sliding) {
        return "{\"rope_parameters\": {\"full_attention\": {" + full +
               "}, \"sliding_attention\": {" + sliding + "}}}";
    };
    CHECK_THROWS_WITH(config_of("gemma2", gemma(R"("rope_type": "linear", "factor": 8)",
                                                R"("rope_type": "linear", "factor": 4)")),
                      Catch::Contains("rope_parameters/sliding_attention/factor\": 4") &&
                          Catch::Contains("contradicts its \"rope_parameters/full_attention/"));
    CHECK_THAT(refused("gemma2", gemma(R"("rope_type": "linear", "factor": 8)",
                                       R"("rope_type": "dynamic", "factor": 8)")),
               Catch::Contains("another kind of rotary scaling than \"linear\""));
    CHECK_THAT(refused("llama", R"({"rope_scaling": {"rope_type": "llama3", "factor": 8,
                   "low_freq_factor": 4, "high_freq_factor": 4,
                   "original_max_position_embeddings": 8192}})"),
               Catch::Contains("\"high_freq_factor\" that is not above \"low_freq_factor\""));
}
