// What a run says of tables that do not fit the layers.
#include "model/embedding.hpp"

#include <catch2/catch.hpp>

#include "support/changed_checkpoint.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("tables and the matrix of the logits are as wide as the layers") {
    check_model_refused(ChangedCheckpoint("gpt2").add("wpe.weight", {64, 3}),
                        "wpe.weight [64, 3]: expected a table of rows of");
    check_model_refused(ChangedCheckpoint("transformer_lens").add("unembed.W_U", {3, 8}),
                        "unembed.W_U [3, 8]: does not fit the");
    check_model_refused(ChangedCheckpoint("transformer_lens").add("unembed.b_U", {3}),
                        "the bias of the logits is [3], expected [");
}

TEST_CASE("tokens without a place are refused where positions do not turn") {
    check_model_refused(ChangedCheckpoint("transformer_lens").erase("pos_embed.W_pos"),
                        "has no table of positions");
}
