// What a run says of the arrays of blocks that do not fit.
#include "model/layer_weights.hpp"

#include <catch2/catch.hpp>

#include "support/changed_checkpoint.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("arrays of a block that do not fit are refused by name") {
    const std::string block = "h.0.";
    check_model_refused(ChangedCheckpoint("gpt2").add(block + "ln_1.weight", {3}), "expected [");
    check_model_refused(ChangedCheckpoint("gpt2").add(block + "mlp.c_proj.weight", {3, 2}),
                        "c_proj.weight [3, 2]: expected [");
    check_model_refused(ChangedCheckpoint("gpt2").add(block + "mlp.c_fc.weight", {64}),
                        "its feed-forward parts are not two matrices");
}

TEST_CASE("TransformerLens' norms are not guessed") {
    check_model_refused(
        ChangedCheckpoint("transformer_lens_folded").config(""),
        "has no arrays of norms; say in a config.json beside it whether there are any");
}

TEST_CASE("an activation that nobody computes is named, with the way around it") {
    ChangedCheckpoint model("gpt2");
    std::string config = read_file(model.input("config.json"));
    config.replace(config.find("gelu_new"), 8, "mystery");
    check_model_refused(model.config(config),
                        "asks for activation \"mystery\", which is not computed; with "
                        "--hidden-states it is not needed");
}
