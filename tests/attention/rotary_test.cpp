#include "attention/rotary.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "support/arrays.hpp"

using namespace attn;
using namespace attn::test;

namespace {

// One head of the tokens at the positions, rotated.
Array<double> rotated(const Array<double>& tokens, const std::vector<std::int64_t>& positions,
                      std::size_t dim, RotaryPairs pairs) {
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < positions.size(); ++row) rows.push_back(row);
    return rotate(packed_heads(tokens, 1),
                  make_rotary_table<double>(positions, rotary_frequencies(dim, 10000)), rows,
                  pairs);
}

double dot(const double* a, const double* b, std::size_t width) {
    double sum = 0;
    for (std::size_t i = 0; i < width; ++i) sum += a[i] * b[i];
    return sum;
}

}  // namespace

TEST_CASE("the first pair rotates by its position in radians, the others slower") {
    const Array<double> x({1, 1, 4}, {1, 1, 0, 0});
    const auto half = rotated(x, {3}, 4, RotaryPairs::half_split);
    CHECK(half.data()[0] == Approx(std::cos(3)));
    CHECK(half.data()[2] == Approx(std::sin(3)));
    CHECK(half.data()[1] == Approx(std::cos(3e-2)));
    CHECK(half.data()[3] == Approx(std::sin(3e-2)));
    const Array<double> y({1, 1, 4}, {1, 0, 1, 0});
    const auto interleaved = rotated(y, {3}, 4, RotaryPairs::interleaved);
    CHECK(interleaved.data()[1] == Approx(std::sin(3)));
    CHECK(interleaved.data()[3] == Approx(std::sin(3e-2)));
}

TEST_CASE("columns beyond the rotary ones stay as they are") {
    const auto x = random_array<double>({1, 2, 6}, 1);
    const auto found = rotated(x, {5, 6}, 4, RotaryPairs::half_split);
    for (const std::size_t i : {4u, 5u, 10u, 11u}) CHECK(found.data()[i] == x.data()[i]);
    CHECK(found.data()[0] != x.data()[0]);
}

TEST_CASE("scores of rotated vectors depend on the distance alone, and lengths stay") {
    const auto x = random_array<double>({1, 2, 8}, 2);
    for (const auto pairs : {RotaryPairs::half_split, RotaryPairs::interleaved}) {
        const auto near = rotated(x, {0, 7}, 8, pairs);
        const auto far = rotated(x, {1000, 1007}, 8, pairs);
        CHECK(dot(near.data(), near.data() + 8, 8) ==
              Approx(dot(far.data(), far.data() + 8, 8)).epsilon(1e-10));
        CHECK(dot(far.data(), far.data(), 8) == Approx(dot(x.data(), x.data(), 8)));
    }
}
