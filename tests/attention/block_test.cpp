#include "attention/block.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"

using namespace attn;
using attn::test::max_difference;

namespace {

using Values = std::vector<double>;

Array<double> vector_of(Values values) {
    const std::size_t size = values.size();
    return {{1, 1, size}, std::move(values)};
}

// Scales by `weight` without looking at x: a norm whose place is easy to see in the result.
Norm<double> rms(Values weight) {
    Norm<double> norm;
    norm.kind = NormKind::rms;
    norm.epsilon = 0;
    const std::size_t size = weight.size();
    norm.weight = Array<double>({size}, std::move(weight));
    return norm;
}

// relu(x I) I: passes what is positive.
FeedForwardWeights<double> pass_positive() {
    FeedForwardWeights<double> weights;
    weights.activation = Activation::relu;
    weights.W_in = weights.W_out = Array<double>({2, 2}, {1, 0, 0, 1});
    return weights;
}

const Array<double> kX = vector_of({3, -1});
const Array<double> kAttended = vector_of({1, 1});

}  // namespace

TEST_CASE("a block without anything is the residual stream") {
    const BlockWeights<double> block;
    CHECK(max_difference(attention_input(block, kX), kX) == 0);
    CHECK(max_difference(block_output(block, kX, kAttended), vector_of({4, 0})) == 0);
}

TEST_CASE("feed-forward reads the sum, or x in a parallel block") {
    BlockWeights<double> block;
    block.feed_forward = pass_positive();
    CHECK(max_difference(block_output(block, kX, kAttended), vector_of({8, 0})) == 0);
    block.parallel = true;
    CHECK(max_difference(block_output(block, kX, kAttended), vector_of({7, 0})) == 0);
}

TEST_CASE("each norm stands in its place") {
    const double root = std::sqrt(2.0);
    const auto with = [&](Norm<double> BlockWeights<double>::*place) {
        BlockWeights<double> block;
        block.feed_forward = pass_positive();
        block.*place = rms({10, 10});
        return block;
    };
    using Block = BlockWeights<double>;
    // kX has the mean square 5, kAttended 1, their sum (4, 0) 8.
    CHECK(max_difference(attention_input(with(&Block::before_attention), kX),
                         vector_of({30 / std::sqrt(5.0), -10 / std::sqrt(5.0)})) < 1e-14);
    CHECK(max_difference(block_output(with(&Block::after_attention), kX, kAttended),
                         vector_of({26, 18})) < 1e-14);
    CHECK(max_difference(block_output(with(&Block::after_attention_sum), kX, kAttended),
                         vector_of({20 * root, 0})) < 1e-13);
    CHECK(max_difference(block_output(with(&Block::before_feed_forward), kX, kAttended),
                         vector_of({4 + 10 * root, 0})) < 1e-13);
    CHECK(max_difference(block_output(with(&Block::after_feed_forward), kX, kAttended),
                         vector_of({4 + 10 * root, 0})) < 1e-13);
    CHECK(max_difference(block_output(with(&Block::after_feed_forward_sum), kX, kAttended),
                         vector_of({10 * root, 0})) < 1e-13);
}

TEST_CASE("what overflows in a block is named by its part and its place") {
    const OverflowGuard guard{std::size_t{3}, false};
    const double most = std::numeric_limits<double>::max();
    BlockWeights<double> block;
    CHECK_THROWS_WITH(block_output(block, vector_of({1, most}), vector_of({1, most}), guard),
                      Catch::StartsWith("layer 3, sequence 0, token 0, column 1: the hidden state "
                                        "behind the attention is beyond the range of float64"));
    block.feed_forward = pass_positive();
    block.feed_forward->W_in = Array<double>({2, 2}, {1e200, 0, 0, 1});
    CHECK_THROWS_WITH(block_output(block, vector_of({1e200, 1}), kAttended, guard),
                      Catch::Contains("column 0: the output of the feed-forward part"));
    // A norm makes NaN of what was infinite; the part where it began is named all the same.
    block.after_feed_forward_sum = rms({1, 1});
    CHECK_THROWS_WITH(block_output(block, vector_of({1e200, 1}), kAttended, guard),
                      Catch::Contains("the output of the feed-forward part"));
    CHECK_NOTHROW(block_output(block, vector_of({1e200, 1}), kAttended, {std::size_t{3}, true}));
}
