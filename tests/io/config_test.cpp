#include "io/config.hpp"

#include <catch2/catch.hpp>

#include "support/temp_folder.hpp"

using attn::io::Container;
using attn::test::TempFolder;

namespace {

Container parse(const std::string& text) {
    const TempFolder folder;
    Container container;
    attn::io::parse_config(attn::io::map_file(folder.write("config.json", text)), "config.json",
                           container);
    return container;
}

double number(const Container& container, const std::string& key) {
    return std::get<double>(container.settings.at(key));
}

}  // namespace

TEST_CASE("a config of a model hub becomes settings and lists of names") {
    const Container container = parse(R"({
        "architectures": ["LlamaForCausalLM"], "attention_bias": false, "bos_token_id": null,
        "hidden_size": 4096, "num_attention_heads": 32, "rms_norm_eps": 1e-05,
        "rope_scaling": {"factor": 8.0, "rope_type": "llama3", "deep": {"er": -1}},
        "layer_types": ["full_attention", "sliding_attention"],
        "pruned_heads": {}, "id2label": {"0": "no"}, "eos_token_id": [1, 2],
        "quantization_config": [{"a": ["b"]}, 3], "mixed": ["a", 1], "torch_dtype": "bfloat16"})");
    CHECK(number(container, "num_attention_heads") == 32);
    CHECK(number(container, "rms_norm_eps") == 1e-5);
    CHECK(number(container, "rope_scaling/factor") == 8);
    CHECK(number(container, "rope_scaling/deep/er") == -1);
    CHECK(std::get<std::string>(container.settings.at("rope_scaling/rope_type")) == "llama3");
    CHECK(std::get<std::string>(container.settings.at("id2label/0")) == "no");
    CHECK_FALSE(std::get<bool>(container.settings.at("attention_bias")));
    CHECK(container.settings.size() == 9);
    CHECK(container.texts.at("architectures") ==
          std::vector<std::vector<std::string>>{{"LlamaForCausalLM"}});
    CHECK(container.texts.at("layer_types") ==
          std::vector<std::vector<std::string>>{{"full_attention", "sliding_attention"}});
    CHECK(container.texts.size() == 2);
    CHECK(container.other_settings ==
          std::map<std::string, std::string>{{"bos_token_id", "null"},
                                             {"eos_token_id", "[1, 2]"},
                                             {"mixed", "[\"a\", 1]"},
                                             {"quantization_config", "[{\"a\":[\"b\"]}, 3]"}});
    CHECK(container.arrays.empty());
}

TEST_CASE("NaN and Infinity, which Python writes, are no numbers") {
    const Container container =
        parse(R"({"a": NaN, "b": [0.0, Infinity], "c": -Infinity, "d": "NaN \" NaN", "e": 2})");
    CHECK(container.settings.size() == 2);
    CHECK(container.other_settings == std::map<std::string, std::string>{{"a", "NaN"},
                                                                         {"b", "[0.0, Infinity]"},
                                                                         {"c", "-Infinity"}});
    CHECK(std::get<std::string>(container.settings.at("d")) == "NaN \" NaN");
    CHECK(number(container, "e") == 2);
}

TEST_CASE("broken configs are refused with their place") {
    CHECK_THROWS_WITH(parse("{\"a\": 1,\n \"b\": }"), "config.json:2:7: is not valid JSON");
    CHECK_THROWS_WITH(parse("{\"a\": 1"), Catch::Contains("not valid JSON"));
    CHECK_THROWS_WITH(parse("{\"a\": 1e999}"), Catch::Contains("too large for float64"));
    CHECK_THROWS_WITH(parse("{\"a\": 1, \"a\": 2}"), "config.json: a stands twice");
    CHECK_THROWS_WITH(parse(R"({"a": {"b": 1, "b": 2}})"), "config.json: a/b stands twice");
    CHECK_THROWS_WITH(parse(R"({"a/b": 1, "a": {"b": 2}})"), "config.json: a/b stands twice");
    for (const char* text : {"[1]", "3", "null", "\"text\"", "true", "NaN", "[[]]"}) {
        INFO(text);
        CHECK_THROWS_WITH(parse(text), "config.json: expected a JSON object");
    }
}

TEST_CASE("depth of a config is limited") {
    std::string objects;
    for (int i = 0; i < 1000; ++i) objects += "{\"a\":";
    CHECK_THROWS_WITH(parse(objects), "config.json: is nested deeper than 64");
    CHECK_THROWS_WITH(parse("{\"a\":" + std::string(100000, '[')),
                      "config.json: is nested deeper than 64");
}
