#include "results/array_files.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::test;

namespace {

// What three heads of two tokens and two columns look like when projections leave them packed:
// [sequences, tokens, heads * width].
Array<float> packed(std::size_t sequences) {
    std::vector<float> values(sequences * 12);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    return Array<float>({sequences, 2, 6}, std::move(values));
}

}  // namespace

TEST_CASE("arrays of one sequence lose the batch axis where the input had none") {
    const TempFolder folder;
    for (const bool batch_axis : {false, true}) {
        io::OutputFolder output(folder / (batch_axis ? "with" : "without"), {"run", {}, {}});
        const results::ArrayFiles<float> files(output, batch_axis);
        files.write_batch("all.npy", packed(1));
        files.write_heads("heads.npy", packed_heads(packed(1), 3));
        output.commit("{}");
    }
    CHECK(load(folder / "without/all.npy").shape() == Shape{2, 6});
    CHECK(load(folder / "with/all.npy").shape() == Shape{1, 2, 6});
    CHECK(load(folder / "without/heads.npy").shape() == Shape{3, 2, 2});
    CHECK(load(folder / "with/heads.npy").shape() == Shape{1, 3, 2, 2});
}

TEST_CASE("heads that lie beside one another are written one behind the other, chosen ones only") {
    const TempFolder folder;
    const Array<float> array = packed(2);
    io::OutputFolder output(folder / "out", {"run", {}, {}});
    results::ArrayFiles<float>(output, true)
        .write_heads("heads.npy", packed_heads(array, 3), std::vector<std::size_t>{2});
    output.commit("{}");
    const auto written = load(folder / "out/heads.npy");
    REQUIRE(written.shape() == Shape{2, 1, 2, 2});
    CHECK(std::vector<double>(written.data(), written.data() + 8) ==
          std::vector<double>{4, 5, 10, 11, 16, 17, 22, 23});
}
