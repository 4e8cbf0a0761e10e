#include "model/config_value.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "support/config.hpp"

using namespace attn;
using attn::model::ModelConfig;
using attn::test::config_container;
using attn::test::config_of;
using attn::test::refused;

TEST_CASE("a model of several parts is read by its text_config") {
    const std::string json = R"({"model_type": "llava", "image_token_index": 3,
        "vision_config": {"hidden_act": "quick_gelu", "num_attention_heads": 16},
        "projector_hidden_act": "gelu", "rope_theta": 5e5,
        "text_config": {"model_type": "mistral", "num_attention_heads": 8, "rope_theta": 5e5}})";
    CHECK(model::model_type(config_container(json)) == "mistral");
    const ModelConfig config = config_of("mistral", json);
    CHECK(config.heads == std::size_t{8});
    CHECK(config.rope_theta == 5e5);
    CHECK(config.unknown_attention.empty());
    CHECK_THROWS_WITH(
        config_of("llama", R"({"rms_norm_eps": 1e-5, "text_config": {"rms_norm_eps": 1e-6}})"),
        Catch::Contains("\"text_config/rms_norm_eps\"") && Catch::Contains("must be the same"));
    CHECK_THAT(refused("llama", R"({"text_config": {"num_local_experts": 8}})"),
               Catch::Contains("\"text_config/num_local_experts\": 8"));
}

TEST_CASE("values of the wrong type or out of range are refused by name") {
    const auto refusal = [](const char* family, const char* json) {
        try {
            config_of(family, json);
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string("read");
    };
    CHECK(refusal("gpt2", R"({"n_head": "twelve"})") ==
          "model: \"n_head\" must be a whole number from 1 to 1000000000, it is \"twelve\"");
    for (const char* value : {"2.5", "-1", "0", "1e30", "true", "NaN", "Infinity", "[4]", "{}"}) {
        const std::string json = std::string("{\"num_attention_heads\": ") + value + "}";
        INFO(json);
        if (std::string(value) != "{}")
            CHECK_THAT(refusal("llama", json.c_str()), Catch::Contains("\"num_attention_heads\""));
    }
    for (const char* value : {"-1", "0", "NaN", "Infinity", "1e39", "1e-60", "\"x\"", "[1.0]"}) {
        const std::string json = std::string("{\"rope_theta\": ") + value + "}";
        INFO(json);
        CHECK_THAT(refusal("llama", json.c_str()), Catch::Contains("\"rope_theta\" must be"));
    }
    CHECK_THAT(refusal("native", R"({"scale": 1e308})"), Catch::Contains("\"scale\" must be"));
    CHECK_THAT(refusal("native", R"({"scale": NaN})"), Catch::Contains("it is NaN"));
    CHECK_THAT(refusal("native", R"({"heads": -1})"), Catch::Contains("\"heads\" must be"));
    CHECK_THAT(refusal("bert", R"({"is_decoder": 1})"),
               Catch::Contains("\"is_decoder\" must be true or false"));
    CHECK_THAT(refusal("bert", R"({"hidden_act": 1})"),
               Catch::Contains("\"hidden_act\" must be a text"));
    for (const char* value : {"3", "\"yarn\"", "[1]", "true"})
        CHECK_THAT(refusal("llama", (std::string("{\"rope_scaling\": ") + value + "}").c_str()),
                   Catch::Contains("\"rope_scaling\" must be an object or null"));
    CHECK_THAT(refusal("roberta", R"({"pad_token_id": 1e12})"), Catch::Contains("pad_token_id"));
    CHECK_THAT(refusal("bert", R"({"model_type": 1})"),
               Catch::Contains("\"model_type\" must be a text"));
    CHECK(config_of("roberta", R"({"pad_token_id": 3})").first_position == std::size_t{4});
    CHECK(!config_of("roberta", R"({"pad_token_id": -1})").first_position);
}
