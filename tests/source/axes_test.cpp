#include "source/axes.hpp"

#include <catch2/catch.hpp>

using namespace attn;
using namespace attn::source;

TEST_CASE("axes are read in any order, those that there are") {
    CHECK(parse_axes("q,k", "--axes") == Axes{Axis::queries, Axis::keys});
    CHECK(parse_axes("batch,k,q,layers,heads", "--axes") ==
          Axes{Axis::batch, Axis::keys, Axis::queries, Axis::layers, Axis::heads});
    CHECK(names_of(parse_axes("k,heads,q", "--axes")) == "k,heads,q");
    CHECK(bracketed(parse_axes("layers,q,k", "--axes")) == "[layers, q, k]");
}

TEST_CASE("axes that make no sense are refused with what is wrong") {
    const auto refused = [](const std::string& names, const std::string& text) {
        CHECK_THROWS_WITH(parse_axes(names, "--axes"), Catch::Contains(text));
    };
    refused("heads,q,k,heads", "names heads twice");
    refused("q,q,k", "names q twice");
    refused("heads,q", "lacks k");
    refused("batch,heads,k", "lacks q");
    refused("head,q,k", "did you mean heads?");
    refused("layers,queries,keys", "queries is no axis");
    refused("q,k,", "an empty name is no axis");
    refused(",q,k", "an empty name is no axis");
    refused("q, k", "is no axis");
    refused("Q,K", "is no axis");
}

TEST_CASE("the number of axes says which they are") {
    CHECK(names_of(*usual_axes(2)) == "q,k");
    CHECK(names_of(*usual_axes(3)) == "heads,q,k");
    CHECK(names_of(*usual_axes(4)) == "layers,heads,q,k");
    CHECK(names_of(*usual_axes(5)) == "layers,batch,heads,q,k");
    for (const std::size_t rank : {0, 1, 6}) CHECK_FALSE(usual_axes(rank));
}

TEST_CASE("another reading is offered only where it fits and would differ") {
    const auto other = [](const Shape& shape) {
        const auto axes = other_reading(shape);
        return axes ? names_of(*axes) : "";
    };
    CHECK(other({5, 5}).empty());
    CHECK(other({12, 5, 5}).empty());
    CHECK(other({1, 12, 5, 5}).empty());
    CHECK(other({3, 12, 5, 5}) == "batch,heads,q,k");
    CHECK(other({12, 1, 12, 5, 5}).empty());
    CHECK(other({12, 2, 12, 5, 5}) == "batch,layers,heads,q,k");
    CHECK(other({1, 5, 5, 12, 8}) == "batch,k,q,layers,heads");
    CHECK(other({5, 5, 12}) == "q,k,heads");
    CHECK(other({2, 0, 5, 5}).empty());
}

TEST_CASE("a permuted array has the same values under exchanged indices") {
    const Array<float> array({2, 3, 4}, [] {
        std::vector<float> values(24);
        for (std::size_t i = 0; i < 24; ++i) values[i] = static_cast<float>(i);
        return values;
    }());
    const Array<float> result = permuted(array, {2, 0, 1});
    REQUIRE(result.shape() == Shape{4, 2, 3});
    for (std::size_t a = 0; a < 2; ++a) {
        for (std::size_t b = 0; b < 3; ++b) {
            for (std::size_t c = 0; c < 4; ++c)
                CHECK(result.data()[(c * 2 + a) * 3 + b] == array.data()[(a * 3 + b) * 4 + c]);
        }
    }
}
