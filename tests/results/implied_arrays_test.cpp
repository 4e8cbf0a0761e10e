// Arrays of what methods imply.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/array_files.hpp"
#include "support/lab.hpp"

using namespace attn;
using namespace attn::test;
using Json = nlohmann::json;

TEST_CASE("approx: --save leaves weights, contexts and kept keys of every method") {
    const TempFolder folder;
    const std::string out = folder / "out";
    const ProgramResult result =
        run_program(join(join(Arguments{"approx"}, kSampleModel),
                         {"--method", "local:window=1,int8", "--save", "weights,context,keep",
                          "--no-pictures", "--precision", "f64", "-o", out}));
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    const Array<double> weights = load(out + "/layer01/local:window=1/weights.npy");
    const Array<double> keep = load(out + "/layer01/local:window=1/keep.npy");
    REQUIRE(weights.shape() == Shape{4, 49, 49});
    // A window of one key is the token itself.
    for (std::size_t head = 0; head < 4; ++head) {
        for (std::size_t i = 0; i < 49; ++i) {
            for (std::size_t j = 0; j < 49; ++j) {
                const std::size_t at = (head * 49 + i) * 49 + j;
                REQUIRE(weights.values()[at] == Approx(i == j ? 1 : 0));
                REQUIRE(keep.values()[at] == (i == j ? 1 : 0));
            }
        }
    }
    const std::string run = run_with_heads(folder);
    CHECK(max_difference(load(out + "/layer01/local:window=1/context.npy"),
                         load(run + "/layer01/v.npy")) < 1e-12);
    CHECK(load(out + "/layer00/int8/context.npy").shape() == Shape{4, 49, 16});
    CHECK_FALSE(std::filesystem::exists(out + "/layer00/int8/keep.npy"));
}
