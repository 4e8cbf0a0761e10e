#include "attention/packed_heads.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using namespace attn;

namespace {

// Two sequences of two key/value heads, three keys, four wide.
Array<double> counted_heads() {
    std::vector<double> values(48);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
    return {{2, 2, 3, 4}, std::move(values)};
}

}  // namespace

TEST_CASE("matrices are those of sequences and key/value heads, each with its largest key") {
    const Array<double> heads = counted_heads();
    const PackedHeads<double> packed(separate_heads(heads), separate_heads(heads));
    CHECK(packed.matrix(1, 0) == 2);
    CHECK(packed.largest_key(0) == 11);
    CHECK(packed.largest_key(packed.matrix(1, 1)) == 47);
    for (std::size_t matrix = 0; matrix < 4; ++matrix) CHECK(packed.broken_values(matrix).empty());
}

TEST_CASE("keys whose values are not finite are listed, and stay out of sums that mask them") {
    const Array<double> keys = counted_heads();
    std::vector<double> values(48, 1.0);
    values[12 + 4] = std::nan("");                              // sequence 0, head 1, key 1
    values[12 + 11] = std::numeric_limits<double>::infinity();  // key 2
    const Array<double> array({2, 2, 3, 4}, std::move(values));
    const PackedHeads<double> packed(separate_heads(keys), separate_heads(array));
    CHECK(packed.broken_values(1) == std::vector<std::size_t>{1, 2});
    CHECK(packed.broken_values(0).empty());
}

TEST_CASE("a key that is not finite is its matrix' largest") {
    const Array<double> heads = counted_heads();
    std::vector<double> values(heads.data(), heads.data() + heads.size());
    values[13] = std::nan("");
    const Array<double> broken({2, 2, 3, 4}, std::move(values));
    const PackedHeads<double> packed(separate_heads(broken), separate_heads(heads));
    CHECK_FALSE(std::isfinite(packed.largest_key(1)));
    CHECK(std::isfinite(packed.largest_key(2)));
}
