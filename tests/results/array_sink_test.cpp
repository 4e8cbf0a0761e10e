#include "results/array_sink.hpp"

#include <catch2/catch.hpp>

#include "source/stored_source.hpp"
#include "support/arrays.hpp"
#include "support/stored_layers.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("an array sink writes the heads that are streamed, and only those") {
    const TempFolder folder;
    const NamedArray array = random_layers({1, 2, 3, 4, 4});
    io::Inputs inputs;
    const auto attention = source::open_stored_attention<double>(
        inputs, {folder.write("a.npy", npy_of(array)), "layers,batch,heads,q,k"});
    io::OutputFolder output(folder / "out", {"run", {}, {}});
    results::ArraySink<double> sink(output, {false, true, false, false}, true);
    const Share share{{}, std::vector<std::size_t>{1}, std::vector<std::size_t>{0, 2}};
    source::StoredSource<double>(attention).stream({&sink}, share, nullptr);
    output.commit("{}");

    const Array<double> written = load(folder / "out/layer00/weights.npy");
    REQUIRE(written.shape() == Shape{1, 2, 4, 4});
    const auto head = [&](std::size_t index) {
        const auto first = array.values.begin() + static_cast<std::ptrdiff_t>((3 + index) * 16);
        return std::vector<double>(first, first + 16);
    };
    const double* values = written.data();
    CHECK(std::vector<double>(values, values + 16) == head(0));
    CHECK(std::vector<double>(values + 16, values + 32) == head(2));
}
