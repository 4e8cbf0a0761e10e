#include "analysis/entropy_map.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace attn::analysis;

namespace {

// Entropy 0.1 * layer + 0.01 * head.
std::vector<HeadStats> model(std::size_t layers, std::size_t heads) {
    std::vector<HeadStats> all;
    for (std::size_t layer = 0; layer < layers; ++layer) {
        for (std::size_t number = 0; number < heads; ++number) {
            HeadStats head;
            head.layer = layer;
            head.head = number;
            head.entropy_normalised =
                0.1 * static_cast<double>(layer) + 0.01 * static_cast<double>(number);
            all.push_back(head);
        }
    }
    return all;
}

}  // namespace

TEST_CASE("a small model has a line for each layer and a column for each head") {
    const EntropyMap map = map_entropy(model(2, 3), 5, 32);
    REQUIRE(map.rows.size() == 2);
    CHECK(map.heads_a_column == 1);
    CHECK(map.rows[1].first_layer == 1);
    CHECK(map.rows[1].heads.size() == 3);
    CHECK(map.rows[1].heads[2] == Approx(0.12));
    CHECK(map.rows[1].mean == Approx(0.11));
    CHECK(map.rows[1].lower.empty());
}

TEST_CASE("layers share lines and heads share columns where there are too many") {
    const EntropyMap map = map_entropy(model(7, 10), 3, 4);
    REQUIRE(map.rows.size() == 3);
    CHECK(map.rows[0].last_layer == 2);
    CHECK(map.rows[2].first_layer == 6);
    CHECK(map.rows[2].last_layer == 6);
    CHECK(map.heads_a_column == 3);
    CHECK(map.rows[0].heads.size() == 4);
    CHECK(map.rows[0].heads[0] == Approx(0.1 + 0.01));   // layers 0-2, heads 0-2
    CHECK(map.rows[0].upper[0] == Approx(0.05 + 0.01));  // layers 0 and 1
    CHECK(map.rows[0].lower[0] == Approx(0.2 + 0.01));   // layer 2
    CHECK(map.rows[0].heads[3] == Approx(0.1 + 0.09));   // the last column has one head
}

TEST_CASE("layers keep their names where some were left out, and no entropy is NaN") {
    auto heads = model(5, 1);
    heads.erase(heads.begin(), heads.begin() + 3);
    heads.back().entropy_normalised = HeadStats::kNone;
    const EntropyMap map = map_entropy(heads, 5, 32);
    CHECK(map.rows[0].first_layer == 3);
    CHECK(std::isnan(map.rows[1].mean));
    CHECK(map_entropy({}, 5, 32).rows.empty());
}
