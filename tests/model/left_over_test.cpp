#include "model/left_over.hpp"

#include <catch2/catch.hpp>

using namespace attn::model;
using Part = LeftOver::Part;

TEST_CASE("a buffer called bias is a square; a vector of that name adds to something") {
    const Layout& gpt2 = find_layout("gpt2");
    CHECK(is_harmless(gpt2, "h.0.attn.bias", {1, 1, 8, 8}));
    CHECK_FALSE(is_harmless(gpt2, "h.0.attn.bias", {24}));
    CHECK_FALSE(is_harmless(find_layout("bert"), "encoder.layer.0.attn.bias", {8, 8}));
}

TEST_CASE("tables of angles are harmless only where queries and keys rotate") {
    CHECK(is_harmless(find_layout("llama"), "model.rotary_emb.inv_freq", {8}));
    CHECK_FALSE(is_harmless(find_layout("gpt2"), "h.0.attn.rotary_emb.inv_freq", {8}));
}

TEST_CASE("in a layer all but the feed-forward part may change the attention") {
    CHECK(part_of_layer(find_layout("llama"), "mlp.router.weight") == Part::feed_forward);
    CHECK(part_of_layer(find_layout("llama"), "block_sparse_moe.gate.weight") ==
          Part::feed_forward);
    CHECK(part_of_layer(find_layout("torch-encoder"), "linear1.lora_A") == Part::feed_forward);
    CHECK(part_of_layer(find_layout("torch-encoder"), "norm3.weight") == Part::attention);
    CHECK(part_of_layer(find_layout("llama"), "self_attn.sinks") == Part::attention);
}

TEST_CASE("outside of the layers names tell what an array changes") {
    const Layout& bert = find_layout("bert");
    CHECK(part_of_model(bert, "embeddings_project.weight") == Part::embedding);
    CHECK(part_of_model(bert, "encoder.relative_attention_bias.weight") == Part::attention);
    CHECK(part_of_model(bert, "encoder.LayerNorm.weight") == Part::behind_layers);
    for (const char* name :
         {"pooler.dense.weight", "cls.predictions.bias", "lm_head.layer_norm.weight",
          "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
          "vision.norm.weight"})
        CHECK_FALSE(part_of_model(bert, name));
}
