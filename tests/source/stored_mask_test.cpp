#include "source/stored_mask.hpp"

#include <catch2/catch.hpp>

#include "support/stored_windows.hpp"

using namespace attn;
using namespace attn::source;
using attn::test::attention_with_windows;

TEST_CASE("without flags stored attention is masked as its source says") {
    StoredAttention<double> attention = attention_with_windows();
    io::Inputs inputs;
    const MaskOptions<double> mask = load_stored_mask({}, attention, inputs, nullptr);
    CHECK(mask.structure.causal);
    CHECK(mask.structure.window_left == 4);
    CHECK(attention.layers[1].window_left == 1);
}

TEST_CASE("a window among the flags is that of every layer of stored attention") {
    StoredAttention<double> attention = attention_with_windows();
    io::Inputs inputs;
    AttentionRequest flags;
    flags.window = "2,0";
    const MaskOptions<double> mask = load_stored_mask(flags, attention, inputs, nullptr);
    CHECK(mask.structure.window_left == 2);
    CHECK_FALSE(attention.layers[1].window_left);
    CHECK(attention.structure.window_left == 4);
}
