// What tells apart the families that read text or pictures.
#include <algorithm>
#include <catch2/catch.hpp>

#include "model/layout.hpp"
#include "model/layout_rows.hpp"

using namespace attn;
using namespace attn::model;

namespace {

bool refuses(const Layout& layout, const std::string& array) {
    return std::any_of(layout.refused.begin(), layout.refused.end(),
                       [&](const auto& entry) { return entry.first == array; });
}

}  // namespace

TEST_CASE("all that read see both ways, but for the library that holds any model") {
    for (const Layout& layout : encoder_layouts()) {
        INFO(layout.name);
        CHECK(layout.causal == (layout.name == "transformer-lens"));
    }
}

TEST_CASE("BERT and its kin have their norms behind, vision models in front") {
    for (const char* name : {"bert", "roberta", "distilbert", "torch-encoder"})
        CHECK(find_layout(name).post_norm);
    for (const char* name : {"vit", "vit5", "timm", "t5", "umt5"})
        CHECK_FALSE(find_layout(name).post_norm);
    CHECK(find_layout("torch-encoder").norms_move);
}

TEST_CASE("positions of RoBERTa start behind its padding token") {
    CHECK(find_layout("bert").first_position == 0);
    CHECK(find_layout("roberta").first_position == 2);
}

TEST_CASE("each family has the epsilon of its own norms") {
    CHECK(find_layout("bert").epsilon == 1e-12);
    CHECK(find_layout("roberta").epsilon == 1e-5);
    CHECK(find_layout("vit").epsilon == 1e-12);
    CHECK(find_layout("timm").epsilon == 1e-6);
    CHECK(find_layout("t5").epsilon == 1e-6);
}

TEST_CASE("T5 has one table of relative positions, UMT5 one a layer, and neither a scale") {
    for (const auto& [name, first] : {std::pair("t5", true), std::pair("umt5", false)}) {
        INFO(name);
        const Layout& layout = find_layout(name);
        CHECK(layout.scale == 1.0);
        CHECK(layout.relative_positions);
        const auto table =
            std::find_if(layout.in_layer.begin(), layout.in_layer.end(),
                         [](const TensorName& tensor) { return tensor.ours == "relative_bias"; });
        REQUIRE(table != layout.in_layer.end());
        CHECK(table->only_first == first);
    }
    CHECK(find_layout("t5").activation == Activation::relu);
    CHECK(find_layout("umt5").activation == Activation::gelu_tanh);
}

TEST_CASE("parts that would change the attention and are not computed are refused by name") {
    CHECK(refuses(find_layout("bert"), "attention.self.distance_embedding.weight"));
    CHECK(refuses(find_layout("timm"), "attn.q_norm.weight"));
    CHECK(refuses(find_layout("torch-attention"), "bias_k"));
    CHECK(refuses(find_layout("torch-encoder"), "multihead_attn.in_proj_weight"));
}

TEST_CASE("TransformerLens may have folded its norms away") {
    for (const Layout& layout : encoder_layouts()) {
        INFO(layout.name);
        CHECK(layout.norms_may_be_bare == (layout.name == "transformer-lens"));
    }
}
