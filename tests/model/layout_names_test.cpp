#include "model/layout_names.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace attn::model;

namespace {

// What of ours stands under a name of theirs.
std::string ours_of(const Names& names, const std::string& theirs) {
    const auto found = std::find_if(names.begin(), names.end(),
                                    [&](const TensorName& name) { return name.theirs == theirs; });
    return found == names.end() ? "" : found->ours;
}

std::size_t required(const Names& names) {
    return static_cast<std::size_t>(std::count_if(
        names.begin(), names.end(), [](const TensorName& name) { return !name.optional; }));
}

}  // namespace

TEST_CASE("a linear map has a matrix, and a bias where it has one") {
    const Names names = linear("Q", "attn.q_proj");
    REQUIRE(names.size() == 2);
    CHECK(ours_of(names, "attn.q_proj.weight") == "W_Q");
    CHECK(ours_of(names, "attn.q_proj.bias") == "b_Q");
    CHECK_FALSE(names[0].optional);
    CHECK(names[1].optional);
}

TEST_CASE("a norm has a weight, and a bias where it is a LayerNorm") {
    const Names names = norm("final_norm", "ln_f");
    CHECK(ours_of(names, "ln_f.weight") == "final_norm.weight");
    CHECK(ours_of(names, "ln_f.bias") == "final_norm.bias");
    CHECK(required(names) == 1);
}

TEST_CASE("TensorFlow's names of norms have names of today") {
    CHECK(name_of_today("output.LayerNorm.gamma") == "output.LayerNorm.weight");
    CHECK(name_of_today("embeddings.LayerNorm.beta") == "embeddings.LayerNorm.bias");
    CHECK(name_of_today("ls1.gamma") == "ls1.gamma");
    CHECK(name_of_today("output.LayerNorm.weight") == "output.LayerNorm.weight");
}

TEST_CASE("an attention keeps its matrices apart, or in one") {
    const Names apart = separate("q", "k", "v", "o");
    CHECK(ours_of(apart, "k.weight") == "W_K");
    CHECK(ours_of(apart, "v.bias") == "b_V");
    CHECK(required(apart) == 4);
    const Names one = fused("c_attn", "c_proj");
    CHECK(ours_of(one, "c_attn.weight") == "W_QKV");
    CHECK(ours_of(one, "c_proj.weight") == "W_O");
    CHECK(required(one) == 2);
}

TEST_CASE("a feed-forward part may have a gate") {
    const Names plain = feed_forward("fc1", "fc2");
    CHECK(ours_of(plain, "fc1.weight") == "W_in");
    CHECK(ours_of(plain, "fc2.weight") == "W_out");
    const Names with_gate = gated("gate", "up", "down");
    CHECK(ours_of(with_gate, "gate.weight") == "W_gate");
    CHECK(ours_of(with_gate, "up.weight") == "W_in");
    CHECK(ours_of(with_gate, "down.weight") == "W_out");
}

TEST_CASE("norms stand in front of each part, or behind its sum") {
    const Names front = pre_norms("ln_1", "ln_2");
    CHECK(ours_of(front, "ln_1.weight") == "before_attention.weight");
    CHECK(ours_of(front, "ln_2.bias") == "before_feed_forward.bias");
    const Names behind = post_norms("norm1", "norm2");
    CHECK(ours_of(behind, "norm1.weight") == "after_attention_sum.weight");
    CHECK(ours_of(behind, "norm2.bias") == "after_feed_forward_sum.bias");
}

TEST_CASE("parts are joined in order, and may all be done without") {
    const Names names = join({linear("Q", "q"), norm("q_norm", "n")});
    REQUIRE(names.size() == 4);
    CHECK(names[2].ours == "q_norm.weight");
    CHECK(required(optional(names)) == 0);
    CHECK(optional(names)[0].theirs == "q.weight");
}
