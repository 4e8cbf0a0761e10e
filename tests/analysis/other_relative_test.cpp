#include "analysis/other_relative.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

TEST_CASE(
    "another max distance is what a table with that distance gives, on one side and on both") {
    const Array<double> table = random_array<double>({32, 3}, 1);
    for (const bool both : {false, true}) {
        const RelativeBias<double> right(table, {32, 128, both});
        for (const std::size_t most : {20u, 64u, 500u}) {
            const RelativeBias<double> expected(table, {32, most, both});
            const RelativeBias<double> found = with_max_distance(right, 3, most);
            bool equal = true;
            for (std::ptrdiff_t distance = -600; distance <= 600; ++distance) {
                for (std::size_t head = 0; head < 3; ++head)
                    equal = equal && found.at(head, distance) == expected.at(head, distance);
            }
            INFO(most << (both ? ", both sides" : ", one side"));
            CHECK(equal);
        }
    }
}
