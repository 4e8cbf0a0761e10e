// What a diagnosis is given of a layer is what the source computed, there and around it.
#include "pipeline/diagnosed_layer.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "source/computed_source.hpp"
#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

source::ComputedRequest trained_sample() {
    source::ComputedRequest request;
    request.weights = sample("model.json");
    return request;
}

// Calls an action while what a layer reads is there.
struct AtEnd : Sink<double> {
    std::function<void(const LayerOutputs<double>&)> action;

    Needs needs() const override {
        Needs needs = needs_projections();
        needs.output = true;
        return needs;
    }
    void consume(const Tile<double>&) override {}
    void end_layer(const LayerOutputs<double>& layer) override { action(layer); }
};

void at_end_of_layers(const source::ComputedSource<double>& source,
                      const std::function<void(const LayerOutputs<double>&)>& action) {
    AtEnd sink;
    sink.action = action;
    source.stream({&sink}, {}, nullptr);
}

}  // namespace

TEST_CASE("the plain computation of every layer gives what the engine gave") {
    io::Inputs files;
    const source::ComputedSource<double> source(trained_sample(), files, nullptr);
    std::size_t layers = 0;
    at_end_of_layers(source, [&](const LayerOutputs<double>& layer) {
        const AttentionOptions<double> options = source.inputs().options_of(layer.layer);
        const DenseInputs dense = pipeline::dense_inputs(layer, source.inputs(), options);
        REQUIRE(dense.x == layer.input);
        CHECK(dense.weights == layer.projections);
        CHECK(dense.q == nullptr);
        CHECK(dense.context == nullptr);
        CHECK(max_difference(compute_dense(dense, {}).output, layer.attention->output) < 1e-9);
        ++layers;
    });
    CHECK(layers == 2);
}

TEST_CASE("of given heads a diagnosis has those, and no weights") {
    const TempFolder folder;
    source::ComputedRequest request;
    unsigned seed = 1;
    for (auto* path : {&request.query, &request.key, &request.value}) {
        const Array<float> heads = random_array<float>({1, 2, 5, 4}, seed++);
        *path = folder.write(std::to_string(seed) + ".npy",
                             npy_floats("(1, 2, 5, 4)", {heads.data(), heads.data() + 40}));
    }
    io::Inputs files;
    const source::ComputedSource<double> source(request, files, nullptr);
    at_end_of_layers(source, [&](const LayerOutputs<double>& layer) {
        const AttentionOptions<double> options = source.inputs().options_of(0);
        DenseInputs dense = pipeline::dense_inputs(layer, source.inputs(), options);
        CHECK(dense.weights == nullptr);
        CHECK(dense.x == nullptr);
        CHECK(dense.q == &source.inputs().q);
        CHECK(dense.k == &source.inputs().k);
        CHECK(dense.v == &source.inputs().v);
        pipeline::add_other_layers(dense, layer, source.inputs(), request, files);
        CHECK_FALSE(dense.next_layer);
        CHECK_FALSE(dense.hidden_with_epsilon);
    });
}

TEST_CASE("the next layer is computed when it is asked for, and the last one has none") {
    io::Inputs files;
    const source::ComputedRequest request = trained_sample();
    const source::ComputedSource<double> source(request, files, nullptr);
    Array<double> asked;
    at_end_of_layers(source, [&](const LayerOutputs<double>& layer) {
        const AttentionOptions<double> options = source.inputs().options_of(layer.layer);
        DenseInputs dense = pipeline::dense_inputs(layer, source.inputs(), options);
        pipeline::add_other_layers(dense, layer, source.inputs(), request, files);
        CHECK(static_cast<bool>(dense.next_layer) == (layer.layer == 0));
        if (layer.layer == 0) {
            const NextLayer* const next = dense.next_layer();
            REQUIRE(next != nullptr);
            CHECK(dense.next_layer() == next);
            asked = next->weights.W_K;
        } else {
            CHECK(max_difference(asked, layer.projections->W_K) == 0);
        }
        CHECK(dense.other_relative.empty());
    });
    CHECK_FALSE(asked.empty());
}
