#include "source/matched_axes.hpp"

#include <catch2/catch.hpp>

using namespace attn;
using namespace attn::source;

namespace {

StoredParts array_of(const Shape& shape) {
    StoredParts parts;
    parts.name = "w.npy";
    parts.arrays.resize(1);
    parts.arrays.front().shape = shape;
    return parts;
}

// `count` arrays of the shape; their names may say that they are layers.
StoredParts stack_of(std::size_t count, const Shape& shape, bool named_layers) {
    StoredParts parts = array_of(shape);
    parts.arrays.resize(count, parts.arrays.front());
    parts.stacked = true;
    parts.named_layers = named_layers;
    return parts;
}

// [layers, batch, heads, queries, keys]
const Shape kBatchOfThree{1, 3, 2, 5, 5};
const Shape kTwoLayersOfThree{2, 3, 4, 5, 5};

}  // namespace

TEST_CASE("the usual axes need no name where they match") {
    CHECK(matched_axes(array_of({3, 2, 5, 5}), {3, 1, 2, 5, 5}).empty());
    CHECK(matched_axes(array_of({2, 3, 4, 5, 5}), kTwoLayersOfThree).empty());
    CHECK(matched_axes(array_of({5, 5}), {1, 1, 1, 5, 5}).empty());
}

TEST_CASE("the first axis is the batch where the other side has one as long") {
    CHECK(matched_axes(array_of({3, 2, 5, 5}), kBatchOfThree) == "batch,heads,q,k");
    CHECK(matched_axes(array_of({3, 2, 4, 5, 5}), kTwoLayersOfThree) == "batch,layers,heads,q,k");
    CHECK(matched_axes(array_of({3, 5, 5}), {1, 3, 1, 5, 5}) == "batch,q,k");
}

TEST_CASE("layers of one head each are layers") {
    CHECK(matched_axes(array_of({3, 5, 5}), {3, 1, 1, 5, 5}) == "layers,q,k");
    CHECK(matched_axes(array_of({2, 3, 5, 5}), {2, 3, 1, 5, 5}) == "layers,batch,q,k");
}

TEST_CASE("fewer heads are a batch all the same, but never of other lengths") {
    CHECK(matched_axes(array_of({3, 1, 5, 5}), kBatchOfThree) == "batch,heads,q,k");
    CHECK(matched_axes(array_of({3, 2, 5, 6}), kBatchOfThree).empty());
    CHECK(matched_axes(array_of({4, 2, 5, 5}), kBatchOfThree).empty());
    CHECK(matched_axes(array_of({4, 3, 5, 5}), kBatchOfThree).empty());
}

TEST_CASE("stacked arrays are the batch, unless their names say layers") {
    CHECK(matched_axes(stack_of(3, {2, 5, 5}, false), kBatchOfThree) == "batch,heads,q,k");
    CHECK(matched_axes(stack_of(3, {2, 5, 5}, true), kBatchOfThree).empty());
}

TEST_CASE("axes to name have a batch where the other side has") {
    CHECK(likely_axes(array_of({9, 2, 5, 5}), kBatchOfThree) == "batch,heads,q,k");
    CHECK(likely_axes(array_of({9, 2, 5, 5}), {1, 1, 2, 5, 5}) == "layers,heads,q,k");
}
