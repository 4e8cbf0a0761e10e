#include "source/computed_source.hpp"

#include <catch2/catch.hpp>

#include "attention/layer.hpp"
#include "support/arrays.hpp"
#include "support/recorder.hpp"

using namespace attn;
using namespace attn::source;
using namespace attn::test;

namespace {

ComputedRequest trained_sample() {
    ComputedRequest request;
    request.weights = sample("model.json");
    return request;
}

// Keeps what was streamed, and what stood around it.
struct Witness : Sink<double> {
    Needs wanted;
    std::vector<std::size_t> layers;
    std::vector<std::pair<std::size_t, std::size_t>> heads;  // layer, head
    std::vector<bool> had_hidden, had_projections;
    Array<double> output;
    std::size_t model_ends = 0;
    std::mutex mutex;

    Needs needs() const override { return wanted; }
    void begin_layer(const LayerShape& shape) override { layers.push_back(shape.layer); }
    void consume(const Tile<double>&) override {}
    void end_head(std::size_t, std::size_t head) override {
        const std::lock_guard<std::mutex> lock(mutex);
        heads.emplace_back(layers.back(), head);
    }
    void end_layer(const LayerOutputs<double>& outputs) override {
        had_hidden.push_back(outputs.hidden != nullptr);
        had_projections.push_back(outputs.projections != nullptr &&
                                  !outputs.projections->W_Q.empty());
        if (wanted.output) output = outputs.attention->output;
    }
    void end_model(const ModelOutputs<double>&) override { ++model_ends; }
};

}  // namespace

TEST_CASE("a computed source says what it holds before it computes") {
    io::Inputs inputs;
    const ComputedSource<double> source(trained_sample(), inputs, nullptr);
    const Outline& outline = source.outline();
    CHECK(outline.layers == std::vector<std::size_t>{0, 1});
    CHECK(outline.heads == std::vector<std::size_t>{0, 1, 2, 3});
    CHECK(outline.structure.causal);
    CHECK(outline.queries == outline.keys);
    REQUIRE(outline.tokens.size() == 1);
    CHECK(outline.tokens.front().size() == outline.queries);
}

TEST_CASE("only the share is streamed, though the layers below it are computed") {
    io::Inputs inputs;
    const ComputedSource<double> source(trained_sample(), inputs, nullptr);
    Recorder<double> all, one;
    source.stream({&all}, {std::vector<std::size_t>{1}, {}, {}}, nullptr);
    Witness witness;
    const Share share{std::vector<std::size_t>{1}, {}, std::vector<std::size_t>{3}};
    source.stream({&witness, &one}, share, nullptr);
    CHECK(witness.layers == std::vector<std::size_t>{1});
    CHECK(witness.heads == std::vector<std::pair<std::size_t, std::size_t>>{{1, 3}});
    CHECK(one.finished == std::set<std::pair<std::size_t, std::size_t>>{{0, 3}});
    CHECK(max_difference(one.weight_array().slice(0).slice(3),
                         all.weight_array().slice(0).slice(3)) == 0);
}

TEST_CASE("an output takes all heads, whichever are streamed") {
    io::Inputs inputs;
    const ComputedSource<double> source(trained_sample(), inputs, nullptr);
    Witness of_all, of_one;
    of_all.wanted.output = of_one.wanted.output = true;
    source.stream({&of_all}, {}, nullptr);
    source.stream({&of_one}, {{}, {}, std::vector<std::size_t>{0}}, nullptr);
    CHECK(of_one.heads == std::vector<std::pair<std::size_t, std::size_t>>{{0, 0}, {1, 0}});
    CHECK(max_difference(of_all.output, of_one.output) == 0);
}

TEST_CASE("what nobody needs is not computed") {
    io::Inputs inputs;
    const ComputedSource<double> source(trained_sample(), inputs, nullptr);
    Witness modest, greedy;
    greedy.wanted.hidden = greedy.wanted.projections = true;
    source.stream({&modest}, {}, nullptr);
    source.stream({&greedy}, {}, nullptr);
    CHECK(modest.had_hidden == std::vector<bool>{true, false});  // layer 1 reads layer 0's
    CHECK(greedy.had_hidden == std::vector<bool>{true, true});
    CHECK(modest.had_projections == std::vector<bool>{false, false});
    CHECK(greedy.had_projections == std::vector<bool>{true, true});
    CHECK(modest.model_ends == 0);
    CHECK(greedy.model_ends == 1);
}

TEST_CASE("progress ends with all of it, whatever the share") {
    io::Inputs inputs;
    const ComputedSource<double> source(trained_sample(), inputs, nullptr);
    Witness witness;
    for (const Share& share : {Share{}, Share{{}, {}, std::vector<std::size_t>{2}}}) {
        std::size_t done = 0, total = 0;
        source.stream({&witness}, share, [&](std::size_t now, std::size_t of) {
            CHECK(now > done);
            done = now, total = of;
        });
        CHECK(done == total);
    }
}
