#include "analysis/same_weights.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <vector>

using attn::analysis::are_same_weights;
using attn::analysis::kSameWeights;

namespace {

// More than one piece, and a rest.
std::vector<float> weights() {
    std::vector<float> values(1000);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1.0F / static_cast<float>(i + 1);
    return values;
}

bool same(const std::vector<float>& a, const std::vector<float>& b) {
    return are_same_weights<float>(a, b);
}

}  // namespace

TEST_CASE("a head is the same as itself, and as its rounding") {
    std::vector<float> other = weights();
    CHECK(same(weights(), other));
    for (float& value : other) value += static_cast<float>(kSameWeights) / 4;
    CHECK(same(weights(), other));
}

TEST_CASE("one weight that differs is enough, wherever it stands") {
    for (std::size_t place = 0; place < weights().size(); ++place) {
        std::vector<float> other = weights();
        other[place] += 2 * static_cast<float>(kSameWeights);
        INFO(place);
        CHECK_FALSE(same(weights(), other));
    }
}

TEST_CASE("what is not a number is not the same, not even as itself") {
    std::vector<float> broken = weights();
    broken[700] = std::numeric_limits<float>::quiet_NaN();
    CHECK_FALSE(same(broken, broken));
}
