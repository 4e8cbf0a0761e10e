#include "model/model_summary.hpp"

#include <catch2/catch.hpp>

#include "support/temp_folder.hpp"

using namespace attn::model;
using attn::test::TempFolder;

namespace {

ModelSummary summary_of(const std::string& json, const std::string& layout = "") {
    const TempFolder folder;
    return summarise(
        read_weight_bundle(attn::io::open_container(folder.write("m.json", json)), layout));
}

std::string note(const ModelSummary& summary, const std::string& name) {
    for (const auto& [key, text] : summary.notes) {
        if (key == name) return text;
    }
    return "";
}

const std::string kRow = "[1, 1, 1, 1]";
const std::string kSquare = "[" + kRow + "," + kRow + "," + kRow + "," + kRow + "]";

}  // namespace

TEST_CASE("a checkpoint is told in words that say what will be computed") {
    const std::string half = "[" + kRow + "," + kRow + "]";
    std::string text = R"({"num_attention_heads": 2, "sliding_window": 3, "hidden_act": "silu")";
    for (const char* name : {"q", "o"})
        text += std::string(", \"model.layers.0.self_attn.") + name + "_proj.weight\": " + kSquare;
    for (const char* name : {"k", "v"})
        text += std::string(", \"model.layers.0.self_attn.") + name + "_proj.weight\": " + half;
    text += ", \"model.embed_tokens.weight\": " + half + ", \"lora.weight\": [1]}";
    const ModelSummary summary = summary_of(text, "mistral");
    CHECK(summary.title == "Mistral");
    CHECK(summary.layers == 1);
    CHECK(summary.d_model == 4);
    REQUIRE(summary.sizes);
    CHECK(summary.sizes->heads == 2);
    CHECK(summary.sizes->kv_heads == 1);
    CHECK(note(summary, "key heads") == "1 key/value heads, each for 2 query heads in a row");
    CHECK(note(summary, "precision") == "float64, 56 numbers");
    CHECK(note(summary, "tables") == "2 tokens");
    CHECK(note(summary, "matrices") == "[out, in], as nn.Linear keeps them");
    CHECK(note(summary, "attention") ==
          "causal, scale 1/sqrt(d_head), a window of 3 keys in all layers");
    CHECK(note(summary, "positions") == "rotary, pairs k and k + d/2, theta 10000");
    CHECK(note(summary, "norms") == "RMSNorm before attention and feed-forward, epsilon 1e-06");
    CHECK(summary.missing.front() == "layer 0: input_layernorm.weight");
    CHECK(summary.unused == std::vector<std::string>{"lora.weight"});
}

TEST_CASE("what cannot be told is told as well") {
    const ModelSummary summary = summary_of(
        R"({"attn_logit_softcapping": 50, "h.0.attn.c_attn.weight":
            [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]]})");
    CHECK(!summary.sizes);
    CHECK_THAT(note(summary, "heads"), Catch::Contains("nothing says how many heads"));
    CHECK_THAT(note(summary, "attention"), Catch::Contains("is not computed"));
}
