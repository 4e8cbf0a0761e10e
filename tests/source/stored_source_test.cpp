#include "source/stored_source.hpp"

#include <catch2/catch.hpp>

#include "support/recorder.hpp"
#include "support/stored_layers.hpp"

using namespace attn;
using namespace attn::source;
using namespace attn::test;

namespace {

struct Stored {
    TempFolder folder;
    NamedArray array = random_layers({2, 2, 3, 4, 4});
    io::Inputs inputs;
    StoredAttention<double> attention;

    Stored()
        : attention(open_stored_attention<double>(
              inputs, {folder.write("a.npy", npy_of(array)), "layers,batch,heads,q,k"})) {}
};

struct LayerCounter : Sink<double> {
    std::vector<std::size_t> layers;
    void begin_layer(const LayerShape& shape) override { layers.push_back(shape.layer); }
    void consume(const Tile<double>&) override {}
};

}  // namespace

TEST_CASE("a stored source says what it holds") {
    const Stored stored;
    const StoredSource<double> source(stored.attention);
    const Outline& outline = source.outline();
    CHECK(outline.layers == std::vector<std::size_t>{0, 1});
    CHECK(outline.heads == std::vector<std::size_t>{0, 1, 2});
    CHECK(outline.sequences == 2);
    CHECK(outline.structure.causal);
}

TEST_CASE("the tiles of a stored source are the file's numbers") {
    const Stored stored;
    Recorder<double> recorder(false);
    StoredSource<double>(stored.attention).stream({&recorder}, {}, nullptr);  // ends with layer 1
    const std::size_t half = stored.array.values.size() / 2;
    CHECK(std::equal(recorder.weights.begin(), recorder.weights.end(),
                     stored.array.values.begin() + static_cast<std::ptrdiff_t>(half)));
}

TEST_CASE("layers, sequences and heads outside of the share are not streamed") {
    const Stored stored;
    Recorder<double> recorder(false);
    LayerCounter counter;
    const std::vector<std::size_t> second{1}, outer{0, 2};
    StoredSource<double>(stored.attention)
        .stream({&recorder, &counter}, {second, second, outer}, nullptr);
    CHECK(counter.layers == second);
    CHECK(recorder.finished == std::set<std::pair<std::size_t, std::size_t>>{{1, 0}, {1, 2}});
}
