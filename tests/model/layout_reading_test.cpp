#include "model/layout_reading.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/error.hpp"

using namespace attn;
using namespace attn::model;

namespace {

const std::vector<std::string> kLlama{
    "self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight",
    "self_attn.o_proj.weight", "input_layernorm.weight",  "post_attention_layernorm.weight",
    "mlp.gate_proj.weight",    "mlp.up_proj.weight",      "mlp.down_proj.weight"};

// A Llama of two layers of which only names and shapes are known.
struct File {
    io::Container container;
    std::set<std::string> names;

    File() {
        container.path = "model.safetensors";
        add("model.embed_tokens.weight").add("model.norm.weight");
        for (const char* layer : {"0", "1"}) {
            for (const std::string& name : kLlama) add(in_layer(layer, name));
        }
    }
    static std::string in_layer(const std::string& layer, const std::string& name) {
        return "model.layers." + layer + "." + name;
    }
    File& add(const std::string& key) {
        io::StoredArray array;
        array.name = container.path + ":" + key;
        array.shape = {8, 8};
        container.arrays[key] = array;
        return *this;
    }
    File& erase(const std::string& key) {
        REQUIRE(container.arrays.erase(key) == 1);
        return *this;
    }
    LayoutReading read(const std::string& family = "llama") {
        names = names_in(container);
        return {container, names, find_layout(family), {"", "model."}};
    }
};

}  // namespace

TEST_CASE("a whole file fits its family, and nothing is missing or left over") {
    File file;
    const LayoutReading reading = file.read();
    CHECK(reading.fits());
    CHECK(reading.is_whole());
    const LayoutMatch match = reading.match();
    CHECK(match.layers.size() == 2);
    CHECK(match.layers[1].at("W_K").name ==
          "model.safetensors:model.layers.1.self_attn.k_proj.weight");
    CHECK(match.model.count("token_table") == 1);
    CHECK(match.missing.empty());
    CHECK(match.left_over.empty());
}

TEST_CASE("what marks another family is no fit") {
    File file;
    CHECK_FALSE(file.read("qwen2").fits());  // has biases
    file.add(File::in_layer("0", "self_attn.q_norm.weight"));
    CHECK_FALSE(file.read("llama").fits());
}

TEST_CASE("a norm that the attention reads through is missing from it, a part behind it is not") {
    File file;
    file.erase(File::in_layer("1", "input_layernorm.weight"))
        .erase(File::in_layer("1", "mlp.up_proj.weight"));
    const LayoutReading reading = file.read();
    CHECK_FALSE(reading.is_whole());
    const LayoutMatch match = reading.match();
    CHECK(match.missing.size() == 2);
    CHECK(match.missing_attention == std::vector<std::string>{"layer 1: input_layernorm.weight"});
}

TEST_CASE("layers that are missing, or lack their matrices, are refused with their numbers") {
    File file;
    file.erase(File::in_layer("1", "self_attn.k_proj.weight"));
    CHECK_THROWS_WITH(file.read().match(), Catch::Contains("layer 1 lacks matrices of Llama's"));
    File gap;
    for (const std::string& name : kLlama) gap.add(File::in_layer("3", name));
    CHECK_THROWS_WITH(gap.read().match(), "model.safetensors: layer 2 is missing");
}

TEST_CASE("matrices of whole numbers are refused as quantised, with what to do") {
    File file;
    file.container.arrays[File::in_layer("0", "self_attn.q_proj.weight")].dtype = DType::int8;
    CHECK_THROWS_WITH(file.read().match(), Catch::Contains("holds int8; quantised weights"));
}

TEST_CASE("arrays that the family does not know are left over where they may change the result") {
    File file;
    file.add(File::in_layer("0", "self_attn.sink_tokens")).add("score.weight");
    const LayoutMatch match = file.read().match();
    REQUIRE(match.left_over.size() == 1);
    CHECK(match.left_over[0].key == "model.layers.0.self_attn.sink_tokens");
    CHECK(match.left_over[0].part == LeftOver::Part::attention);
    CHECK(match.unused == std::vector<std::string>{"score.weight"});
}

TEST_CASE("the gap to a family is what its first layer lacks, and has besides") {
    File file;
    file.erase(File::in_layer("0", "mlp.up_proj.weight"))
        .add(File::in_layer("0", "self_attn.sink_tokens"));
    const LayoutReading::Gap gap = file.read().gap();
    CHECK(gap.present == kLlama.size() - 1);
    CHECK(gap.missing == std::vector<std::string>{"mlp.up_proj.weight"});
    CHECK(gap.besides == std::vector<std::string>{"self_attn.sink_tokens"});
}
