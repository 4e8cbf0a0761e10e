// What tells apart the families that write text.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "model/layout.hpp"
#include "model/layout_rows.hpp"

using namespace attn;
using namespace attn::model;

namespace {

std::string theirs_of(const Layout& layout, const std::string& ours) {
    for (const TensorName& tensor : layout.in_layer) {
        if (tensor.ours == ours) return tensor.theirs;
    }
    return "";
}

}  // namespace

TEST_CASE("all that write text are causal, and their layers have numbers") {
    std::set<std::string> names;
    for (const Layout& layout : decoder_layouts()) {
        INFO(layout.name);
        CHECK(layout.causal);
        CHECK(layout.layer.find("{}") != std::string::npos);
        CHECK_FALSE(layout.model_types.empty());
        CHECK(names.insert(layout.name).second);
    }
    CHECK(names.count("llama") == 1);
}

TEST_CASE("GPT-2's matrices lie the other way than those of its copies in nn.Linear") {
    CHECK(find_layout("gpt2").order == MatrixOrder::in_out);
    CHECK(find_layout("mingpt").order == MatrixOrder::out_in);
    CHECK(find_layout("mingpt").marks == std::vector<std::string>{"attn.bias"});
    CHECK(find_layout("nanogpt").foreign == std::vector<std::string>{"attn.bias"});
    CHECK(find_layout("mingpt").activation == Activation::gelu_tanh);
    CHECK(find_layout("nanogpt").activation == Activation::gelu);
}

TEST_CASE("Llama and its kin have RMSNorm and rotary positions") {
    for (const char* name :
         {"llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "phi3", "gpt-oss"}) {
        INFO(name);
        CHECK(find_layout(name).norm == NormKind::rms);
        CHECK(find_layout(name).positions_turn);
        CHECK(find_layout(name).rotary_share == 1.0);
    }
    CHECK(find_layout("phi").norm == NormKind::layer);
    CHECK(find_layout("phi").rotary_share == 0.5);
    CHECK(find_layout("gpt-neox").rotary_share == 0.25);
}

TEST_CASE("the norm behind the attention has the same name in Llama and Gemma 2, not the place") {
    const std::string name = "post_attention_layernorm.weight";
    CHECK(theirs_of(find_layout("llama"), "before_feed_forward.weight") == name);
    CHECK(theirs_of(find_layout("gemma2"), "after_attention.weight") == name);
    CHECK(find_layout("gemma").norm_weight_plus == 1.0);
}

TEST_CASE("Phi and GPT-NeoX put the feed-forward part beside the attention") {
    for (const Layout& layout : decoder_layouts()) {
        INFO(layout.name);
        CHECK(layout.parallel == (layout.name == "phi" || layout.name == "gpt-neox"));
        const auto fused = layout.name == "gpt-neox" ? FusedOrder::per_head : FusedOrder::blocks;
        CHECK(layout.fused == fused);
    }
}
