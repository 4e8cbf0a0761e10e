#include "pipeline/observed_array.hpp"

#include <catch2/catch.hpp>

#include "source/computed_source.hpp"
#include "support/npy_bytes.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::pipeline;
using analysis::Observation;
using analysis::Observed;
using attn::test::npy_floats;
using attn::test::TempFolder;
using Catch::Contains;

namespace {

// Two heads of four tokens, three wide, without W_O; and what is observed of them.
struct Layer {
    TempFolder folder;
    io::Inputs inputs;
    DiagnoseRequest request;
    std::vector<std::string> warnings;

    Layer() {
        const std::string heads =
            folder.write("heads.npy", npy_floats("(2, 4, 3)", std::vector<float>(24, 0.5F)));
        request.input.query = request.input.key = request.input.value = heads;
    }

    Observation observed(const std::string& shape, const std::vector<float>& values) {
        request.observed = folder.write("observed.npy", npy_floats(shape, values));
        const Warn warn = [this](const std::string& text) { warnings.push_back(text); };
        const source::ComputedSource<double> source(request.input, inputs, warn);
        return observe(request, source.inputs(), 0, inputs, warn);
    }
};

std::vector<float> quarters(std::size_t count) {
    return std::vector<float>(count, 0.25F);
}

}  // namespace

TEST_CASE("matrices with numbers far below zero are scores, others weights") {
    Layer layer;
    CHECK(layer.observed("(2, 4, 4)", quarters(32)).kind == Observed::weights);
    std::vector<float> scores = quarters(32);
    scores[5] = -3;
    CHECK(Layer().observed("(2, 4, 4)", scores).kind == Observed::scores);
    CHECK(layer.warnings.empty());
}

TEST_CASE("weights with a little noise below zero are weights, as their rows add up to one") {
    std::vector<float> noisy = quarters(32);
    noisy[5] = -0.01F;
    CHECK(Layer().observed("(2, 4, 4)", noisy).kind == Observed::weights);
    CHECK(Layer().observed("(2, 4, 4)", std::vector<float>(32, -0.01F)).kind == Observed::scores);
}

TEST_CASE("an output is one of all heads, joined or each by itself") {
    std::vector<float> values(24);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    const Observation joined = Layer().observed("(4, 6)", values);
    CHECK(joined.kind == Observed::output);
    CHECK(joined.values.shape() == Shape{1, 4, 6});
    CHECK(joined.values[3] == 3);
    const Observation separate = Layer().observed("(2, 4, 3)", values);
    CHECK(separate.kind == Observed::output);
    CHECK(separate.values.shape() == Shape{1, 4, 6});
    CHECK(separate.values[3] == 12);  // head 1, token 0
}

TEST_CASE("of all heads and rows those are taken that were named; or the array holds only them") {
    std::vector<float> cells(32);
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = static_cast<float>(i);
    Layer whole;
    whole.request.heads = {{1}};
    whole.request.rows = {{0, 2}};
    const Observation taken = whole.observed("(2, 4, 4)", cells);
    CHECK(taken.values.shape() == Shape{1, 1, 2, 4});
    CHECK(taken.values[0] == 16);
    CHECK(taken.values[4] == 24);
    CHECK(taken.heads == std::vector<std::size_t>{1});
    CHECK(taken.queries == std::vector<std::size_t>{0, 2});
    Layer part;
    part.request.heads = {{1}};
    part.request.rows = {{0, 2}};
    CHECK(part.observed("(2, 4)", quarters(8)).values.shape() == Shape{1, 1, 2, 4});
}

TEST_CASE("one matrix stands for all heads as their mean, and that is told") {
    Layer layer;
    const Observation mean = layer.observed("(4, 4)", quarters(16));
    CHECK(mean.values.shape() == Shape{1, 2, 4, 4});
    REQUIRE(layer.warnings.size() == 1);
    CHECK_THAT(layer.warnings[0], Contains("read as the mean of 2 heads"));
}

TEST_CASE("falling rows that are shorter than keys are their largest numbers") {
    Layer layer;
    const Observation largest = layer.observed("(2, 4, 2)", [] {
        std::vector<float> rows;
        for (int row = 0; row < 8; ++row) rows.insert(rows.end(), {0.6F, 0.3F});
        return rows;
    }());
    CHECK(largest.values.shape() == Shape{1, 2, 4, 4});
    CHECK(largest.values[1] == Approx(0.3));
    CHECK(largest.values[2] == 0);
    REQUIRE(layer.warnings.size() == 1);
    CHECK_THAT(layer.warnings[0], Contains("2 largest of the 4 numbers of each row"));
}

TEST_CASE("what has no shape of the layer is refused with those that would do") {
    CHECK_THROWS_WITH(Layer().observed("(2, 5, 5)", quarters(50)),
                      Contains("expected weights or scores [1, 2, 4, 4] or the output [1, 4, 6]"));
    Layer one_head;
    one_head.request.heads = {{0}};
    CHECK_THROWS_WITH(one_head.observed("(4, 6)", quarters(24)),
                      Contains("--head: an output is of all heads"));
    Layer named;
    named.request.kind = Observed::output;
    named.request.axes = "heads,q,k";
    CHECK_THROWS_WITH(named.observed("(4, 6)", quarters(24)),
                      Contains("an output has none of them"));
}
