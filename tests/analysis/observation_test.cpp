#include "analysis/observation.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "io/file_bytes.hpp"
#include "support/program.hpp"

using namespace attn;
using namespace attn::analysis;

TEST_CASE("a mask on one side, or NaN on one side, is no match") {
    CHECK(distance(0.25, 0.5) == 0.25);
    CHECK(distance(-INFINITY, -1e9) == 0);
    CHECK(distance(-INFINITY, 0.5) == kNoMatch);
    CHECK(distance(std::nan(""), std::nan("")) == 0);
    CHECK(distance(std::nan(""), 0) == kNoMatch);
    CHECK(distance(INFINITY, 0) == kNoMatch);
}

TEST_CASE("the unit of scores is the largest of them that is neither masked nor infinite") {
    const Array<double> values({1, 1, 1, 4}, {-INFINITY, -3, 2, INFINITY});
    CHECK(unit_of({Observed::scores, values}) == 3);
    CHECK(unit_of({Observed::weights, values}) == 1);
}

TEST_CASE("numbers keep their type, and half precision is seen in either") {
    const Array<float> halves({1, 1, 1, 2}, {0.5F, 0.0999755859375F});
    CHECK(precision_of({Observed::weights, halves}) == Rounding::float16);
    CHECK(precision_of({Observed::weights, Array<double>({1, 1, 1, 2}, {0.5, 0.375})}) ==
          Rounding::bfloat16);
    CHECK(precision_of({Observed::weights, Array<double>({1, 1, 1, 1}, {0.1})}) == Rounding::none);
}

TEST_CASE("one and the same number everywhere is constant, a single number is not") {
    CHECK(is_constant({Observed::weights, Array<float>({1, 1, 1, 3}, {0.3F, 0.3F, 0.3F})}));
    CHECK_FALSE(is_constant({Observed::weights, Array<float>({1, 1, 1, 2}, {0.3F, 0.4F})}));
    CHECK_FALSE(is_constant({Observed::weights, Array<float>({1, 1, 1, 1}, {1.0F})}));
}

TEST_CASE("where an item stands in a list is told, and an empty list holds everything") {
    CHECK(place_in({}, 5) == 5);
    CHECK(place_in({1, 4, 5}, 1) == 0);
    CHECK(place_in({1, 4, 5}, 5) == 2);
    Observation some;
    some.heads = {2, 7};
    CHECK(some.head(1) == 7);
    CHECK(some.query(1) == 1);
}

TEST_CASE("what was forgotten of a mapped file is read again, and memory stays as it is") {
    const test::TempFolder folder;
    constexpr std::size_t kNumbers = std::size_t{1} << 16;
    std::string bytes(kNumbers * sizeof(float), '\0');
    for (std::size_t i = 0; i < bytes.size(); i += sizeof(float)) bytes[i] = static_cast<char>(i);
    const io::FileBytes file = io::map_file(folder.write("w", bytes));
    const Array<float> in_file({1, 1, 1, kNumbers},
                               reinterpret_cast<const float*>(file.bytes.begin()), file.owner);
    const Array<float> in_memory({1, 1, 1, kNumbers}, {in_file.data(), in_file.data() + kNumbers});
    const Observation mapped{Observed::weights, in_file, {}, {}, true};
    const Observation kept{Observed::weights, in_memory};
    forget(mapped);
    forget(kept);
    std::size_t same = 0;
    for (std::size_t i = 0; i < kNumbers; ++i) {
        float right = 0;
        std::memcpy(&right, bytes.data() + i * sizeof(float), sizeof right);
        same += mapped.values[i] == static_cast<double>(right) &&
                        kept.values[i] == static_cast<double>(right)
                    ? 1
                    : 0;
    }
    CHECK(same == kNumbers);
}
