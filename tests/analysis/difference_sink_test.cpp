#include "analysis/difference_sink.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "attention/tile.hpp"

using namespace attn;
using namespace attn::analysis;

namespace {

// One head of three queries and four keys in two tiles, of which the first holds two keys only.
const std::vector<double> kSeen{1, 0, 0, 0, 0.5, 0.5, 0, 0, 0.25, 0.25, 0.25, 0.25};

std::vector<HeadDifference> compared(const std::vector<double>& held, bool backwards) {
    DifferenceSink<double> sink(
        [&](std::size_t layer, std::size_t sequence, std::size_t head) {
            CHECK(layer == 3);
            CHECK(sequence == 1);
            CHECK(head == 7);
            return MatrixView<const double>(held.data(), 3, 4);
        },
        {}, DType::float64);
    LayerShape shape;
    shape.layer = 3;
    shape.sequences = 2;
    shape.heads = 2;
    shape.queries = 3;
    shape.keys = 4;
    shape.block_rows = 2;
    shape.chosen_sequences = std::vector<std::size_t>{1};
    shape.chosen_heads = std::vector<std::size_t>{1};
    shape.head_numbers = {5, 7};
    sink.begin_layer(shape);
    Tile<double> first, last;
    const std::vector<double> narrow{1, 0, 0.5, 0.5};
    first.layer = last.layer = 3;
    first.sequence = last.sequence = 1;
    first.head = last.head = 1;
    first.active = {0, 2};
    first.weights = {narrow.data(), 2, 2};
    last.first_query = 2;
    last.active = {0, 4};
    last.weights = {kSeen.data() + 8, 1, 4};
    sink.consume(backwards ? last : first);
    sink.consume(backwards ? first : last);
    sink.end_head(1, 1);
    return sink.take();
}

}  // namespace

TEST_CASE("tiles of a head are compared as its matrix would be, in whatever order they come") {
    std::vector<double> held = kSeen;
    held[2] = 0.125;   // a key that no tile holds
    held[9] = 0.3125;  // and one of the last row
    const Difference whole =
        compare<double>({held.data(), 3, 4}, {kSeen.data(), 3, 4}, {}, DType::float64);
    for (const bool backwards : {false, true}) {
        const auto heads = compared(held, backwards);
        REQUIRE(heads.size() == 1);
        CHECK(heads[0].layer == 3);
        CHECK(heads[0].sequence == 1);
        CHECK(heads[0].head == 7);
        const Difference& found = heads[0].values;
        CHECK(found.max_abs == 0.125);
        CHECK(found.differing == 2);
        CHECK(found.first == std::pair<std::size_t, std::size_t>(0, 2));
        CHECK(found.cells == 12);
        CHECK(found.cosine == whole.cosine);
        CHECK(found.max_ulp == whole.max_ulp);
    }
}

TEST_CASE("what is held and what streams by may be the same to the bit") {
    const auto heads = compared(kSeen, false);
    CHECK(heads[0].values.differing == 0);
    CHECK(heads[0].values.mean_kl == 0);
    CHECK_FALSE(heads[0].values.first);
}
