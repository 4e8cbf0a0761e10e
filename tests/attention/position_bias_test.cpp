#include "attention/position_bias.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("ALiBi's slopes are those of the paper, for any number of heads") {
    CHECK(alibi_slopes(1) == std::vector<double>{1. / 256});
    CHECK(alibi_slopes(8) == std::vector<double>{1. / 2, 1. / 4, 1. / 8, 1. / 16, 1. / 32, 1. / 64,
                                                 1. / 128, 1. / 256});
    // 4 slopes of a model with 4 heads, then the 1st and 3rd of one with 8.
    CHECK(alibi_slopes(6) ==
          std::vector<double>{1. / 4, 1. / 16, 1. / 64, 1. / 256, 1. / 2, 1. / 8});
}

TEST_CASE("T5's buckets agree with PyTorch at every distance") {
    struct Kind {
        std::string file;
        RelativeBuckets options;
    };
    for (const Kind& kind :
         {Kind{"32_128_before", {32, 128, false}}, Kind{"32_128_both", {32, 128, true}},
          Kind{"16_20_before", {16, 20, false}}, Kind{"16_20_both", {16, 20, true}},
          Kind{"8_300_before", {8, 300, false}}, Kind{"8_300_both", {8, 300, true}}}) {
        INFO(kind.file);
        const Array<double> expected = load(golden("positions/buckets_" + kind.file + ".npy"));
        REQUIRE(expected.size() == 801);
        std::vector<double> found;
        for (std::ptrdiff_t distance = -400; distance <= 400; ++distance)
            found.push_back(static_cast<double>(relative_bucket(distance, kind.options)));
        CHECK(max_difference(Array<double>({801}, found), expected) == 0);
    }
}
