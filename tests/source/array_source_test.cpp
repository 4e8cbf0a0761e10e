#include "source/array_source.hpp"

#include <catch2/catch.hpp>

#include "support/stored_layers.hpp"

using namespace attn;
using namespace attn::test;
using namespace attn::source;

namespace {

StoredAttention<double> open(const std::string& source, const std::string& axes) {
    io::Inputs inputs;
    return open_stored_attention<double>(inputs, {source, axes});
}

}  // namespace

TEST_CASE("axes before q and k change places without a copy") {
    const TempFolder folder;
    const NamedArray array = random_layers({2, 3, 2, 4, 4});
    const std::string file =
        folder.write("a.npy", npy_of(array.ordered({"heads", "batch", "layers", "q", "k"})));
    const auto attention = open(file, "heads,batch,layers,q,k");
    REQUIRE(attention.layers.size() == 2);
    REQUIRE(attention.shape() == Shape{3, 2, 4, 4});
    const double* const start = attention.layers[0].weights.matrix(0, 0).data;
    CHECK(attention.layers[1].weights.matrix(0, 0).data == start + 16);
    CHECK(attention.layers[0].weights.matrix(1, 0).data == start + 2 * 16);
    CHECK(attention.layers[0].weights.matrix(0, 1).data == start + 3 * 2 * 16);
    CHECK(attention.structure.causal);
}

TEST_CASE("heads that are stacked are called after the numbers in their names") {
    const TempFolder folder;
    const NamedArray array = random_layers({1, 1, 2, 3, 3}).element(0).element(0);
    const std::string file =
        folder.write("f.npz", npz_of({{"head_3", array.element(0)}, {"head_7", array.element(1)}}));
    CHECK(open(file + ":head_*", "heads,q,k").heads == std::vector<std::size_t>{3, 7});
}

TEST_CASE("layers of any type in any order of bytes are one attention") {
    const TempFolder folder;
    const NamedArray array = random_layers({2, 1, 1, 3, 3});
    const std::vector<float> narrow(array.values.begin(), array.values.begin() + 9);
    folder.write("d/layer_0.npy", npy_floats("(1, 1, 3, 3)", narrow));
    folder.write("d/layer_1.npy", npy_of(array.element(1), true, ByteOrder::big));
    io::Inputs inputs;
    CHECK(working_type(inputs, folder / "d") == DType::float64);
    const auto attention = open(folder / "d", "");
    REQUIRE(attention.layers.size() == 2);
    for (std::size_t cell = 0; cell < 9; ++cell) {
        CHECK(attention.layers[0].weights.matrix(0, 0).data[cell] ==
              static_cast<double>(narrow[cell]));
        CHECK(attention.layers[1].weights.matrix(0, 0).data[cell] == array.values[9 + cell]);
    }
}
