// Which sequences and heads differ is told, and how closely the others agree.
#include "analysis/agreement.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "support/worlds.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

// Of the decoder's weights [2, 4, 6, 6] with one number changed.
Differing differing_with(std::size_t sequence, std::size_t head, double change, Rounding saved) {
    const World world = decoder(7, 6);
    const DenseInputs inputs = world.inputs();
    const Array<double> right = compute_dense(inputs, {}).weights;
    std::vector<double> values(right.data(), right.data() + right.size());
    for (double& value : values) value = round_to(saved, value);
    values[((sequence * 4 + head) * 6 + 5) * 6 + 1] += change;
    const Observation seen{Observed::weights, Array<double>(right.shape(), values)};
    DenseHeadsStore store;
    const DenseComputation computation(inputs, {}, store);
    const Extents extents{2, 4, 6, 6};
    Agreement agreement(extents, Observed::weights, 1, saved);
    for (const Piece& piece : whole(extents, Observed::weights, SoftmaxAxis::keys))
        agreement.add(piece, face(computation, seen, piece));
    return agreement.differing();
}

}  // namespace

TEST_CASE("the head and the sequence that differ are named, in any precision") {
    for (const Rounding saved : {Rounding::none, Rounding::float16, Rounding::bfloat16}) {
        const Differing differing = differing_with(1, 2, 0.1, saved);
        CHECK(differing.is_part());
        CHECK(text_of(differing) == "head 2 of sequence 1");
        CHECK(differing.others < 1e-6);
    }
}

TEST_CASE("where nothing differs there is no part that does") {
    CHECK_FALSE(differing_with(0, 0, 0, Rounding::none).is_part());
    CHECK_FALSE(differing_with(0, 0, 0, Rounding::float16).is_part());
}

TEST_CASE("NaN differs") {
    CHECK(text_of(differing_with(0, 3, std::nan(""), Rounding::none)) == "head 3 of sequence 0");
}

TEST_CASE("what differs is told in words") {
    Differing differing{{0, 1}, {0, 2, 3}, 2, 4, 0};
    CHECK(text_of(differing) == "heads 0, 2 and 3");
    differing.sequences = {1};
    CHECK(text_of(differing) == "heads 0, 2 and 3 of sequence 1");
    differing.heads = {0, 1, 2, 3};
    CHECK(text_of(differing) == "sequence 1");
}
