// A trained GPT of three layers against what PyTorch computed: layer 0 step by step, and the whole
// model as a user runs it, from token ids.
#include <catch2/catch.hpp>

#include "attention/layer.hpp"
#include "model/embedding.hpp"
#include "model/layer_weights.hpp"
#include "support/arrays.hpp"
#include "support/program.hpp"
#include "support/recorder.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::test;

namespace {

const std::string kFolder = ATTN_CASES_DIR "/nano-gpt/";
const std::string kModel = kFolder + "model.safetensors";

Array<double> reference(const std::string& name) {
    return load(kFolder + "reference/" + name + ".npy");
}

// How far an array is from what PyTorch computed.
double distance(const Array<double>& array, const std::string& name) {
    return max_difference(array, reference(name));
}

Array<double> all_heads(const Heads<double>& heads) {
    const HeadsView<double>& view = heads.view;
    return join_tokens(HeadsView<double>{view.data, view.batch, view.heads, 0, view.width}, view);
}

// How far the feed-forward part is, given what its norm gave.
void check_feed_forward(const Array<double>& ln2, const FeedForwardWeights<double>& weights) {
    const Array<double> hidden = project(ln2, weights.W_in, weights.b_in, weights.order);
    CHECK(distance(hidden, "fc") < 1e-5);
    CHECK(weights.activation == Activation::gelu_tanh);
    CHECK(distance(feed_forward(ln2, weights), "mlp") < 1e-5);
}

}  // namespace

TEST_CASE("nano-gpt's first layer agrees with PyTorch at every step") {
    io::Inputs inputs;
    const auto bundle = model::read_weight_bundle(inputs.open(kModel));
    const auto sizes = model::check_layer(bundle, 0, {48, 48, {}, {}});
    const auto weights = model::load_layer<double>(inputs, bundle, 0, sizes, io::NonFinite::refuse,
                                                   model::BlockParts::all);

    const Array<double> idx = reference("idx");
    model::TokenIds ids{"idx", idx.extent(0), idx.extent(1), {}};
    for (const double id : idx.values()) ids.ids.push_back(static_cast<std::int64_t>(id));
    const auto x = model::embed_tokens<double>(inputs, bundle, ids, io::NonFinite::refuse);
    CHECK(distance(x, "x") < 1e-6);
    const Array<double> ln1 = attention_input(weights.block, x);
    CHECK(distance(ln1, "ln1") < 1e-5);

    AttentionOptions<double> options;
    options.mask.structure.causal = true;
    Recorder<double> recorder;
    const auto result = compute_layer(0, ln1, ln1, weights.attention, options, {&recorder});
    CHECK(distance(all_heads(result.q), "q") < 1e-5);
    CHECK(distance(all_heads(result.k), "k") < 1e-5);
    CHECK(distance(all_heads(result.v), "v") < 1e-5);
    CHECK(distance(recorder.score_array(), "att") < 1e-5);
    CHECK(distance(recorder.weight_array(), "attSm") < 1e-5);
    CHECK(distance(result.output, "yProj") < 1e-5);

    const Array<double> sum = add(x, result.output);
    CHECK(distance(sum, "attnResid") < 1e-5);
    const Array<double> ln2 = normalise(sum, weights.block.before_feed_forward);
    CHECK(distance(ln2, "ln2") < 1e-5);
    check_feed_forward(ln2, *weights.block.feed_forward);
    CHECK(distance(block_output(weights.block, x, result.output), "mlpResid") < 1e-5);
}

TEST_CASE("nano-gpt runs from token ids alone, through all blocks to its probabilities") {
    const TempFolder folder;
    const auto result =
        run_program({"run", "-w", kModel, "--token-ids", kFolder + "reference/idx.npy", "--causal",
                     "--save", "weights,hidden,logits,probs", "-o", folder / "out"});
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    const auto worst = [&](const std::string& file, const std::string& name) {
        return distance(load(folder / ("out/" + file + ".npy")), name);
    };
    CHECK(worst("layer00/weights", "attSm") < 1e-4);
    CHECK(worst("layer00/hidden", "block0") < 1e-4);
    CHECK(worst("layer01/hidden", "block1") < 1e-4);
    CHECK(worst("layer02/hidden", "block2") < 1e-4);
    CHECK(worst("final_hidden", "ln_f") < 1e-4);
    CHECK(worst("logits", "lm_head") < 1e-4);
    CHECK(worst("probs", "probs") < 1e-4);
}

TEST_CASE("info names nano-gpt's family and sizes") {
    const auto result = run_program({"info", kModel});
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.out, Catch::Contains("minGPT (nn.Linear), 3 layers, 3 heads of 16 columns"));
}
