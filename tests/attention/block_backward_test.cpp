#include "attention/block_backward.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"

using namespace attn;
using namespace attn::test;

namespace {

constexpr double kStep = 1e-5;
const Shape kShape{1, 3, 4};

Array<double> with_step(const Array<double>& array, std::size_t place, double by) {
    std::vector<double> values(array.values().begin(), array.values().end());
    values[place] += by;
    return Array<double>(array.shape(), std::move(values));
}

double weighted_sum(const Array<double>& a, const Array<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a.data()[i] * b.data()[i];
    return sum;
}

Norm<double> norm_of_seed(NormKind kind, unsigned seed) {
    return {kind, random_array<double>({4}, seed), random_array<double>({4}, seed + 1), 0, 1e-3};
}

// The largest error over both inputs of the block.
double worst_block_error(const BlockWeights<double>& block) {
    const Array<double> x = random_array<double>(kShape, 1), a = random_array<double>(kShape, 2);
    const Array<double> d = random_array<double>(kShape, 3);
    const BlockGradients<double> found = block_backward(block, x, a, d);
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const auto slope = [&](const Array<double>& up, const Array<double>& down) {
            return (weighted_sum(up, d) - weighted_sum(down, d)) / (2 * kStep);
        };
        const double of_x = slope(block_output(block, with_step(x, i, kStep), a),
                                  block_output(block, with_step(x, i, -kStep), a));
        const double of_a = slope(block_output(block, x, with_step(a, i, kStep)),
                                  block_output(block, x, with_step(a, i, -kStep)));
        worst = std::max(
            {worst, std::abs(of_x - found.x.data()[i]), std::abs(of_a - found.attended.data()[i])});
    }
    return worst;
}

}  // namespace

TEST_CASE("a gradient goes back through a block with every set of norms, parallel or not") {
    for (unsigned set = 0; set < 128; ++set) {
        BlockWeights<double> block;
        const auto give = [&](unsigned bit, Norm<double>& norm, NormKind kind) {
            if ((set >> bit & 1U) != 0) norm = norm_of_seed(kind, 10 + 2 * bit);
        };
        give(0, block.after_attention, NormKind::rms);
        give(1, block.after_attention_sum, NormKind::layer);
        give(2, block.before_feed_forward, NormKind::layer);
        give(3, block.after_feed_forward, NormKind::rms);
        give(4, block.after_feed_forward_sum, NormKind::layer);
        block.parallel = (set >> 5 & 1U) != 0;
        if ((set >> 6 & 1U) != 0) {
            block.feed_forward.emplace();
            block.feed_forward->activation = Activation::gelu;
            block.feed_forward->W_in = random_array<double>({4, 6}, 40);
            block.feed_forward->W_out = random_array<double>({6, 4}, 41);
        }
        INFO("set " << set);
        CHECK(worst_block_error(block) < 1e-5);
    }
}

TEST_CASE("the gradient of what attention reads goes back through the norm in front") {
    BlockWeights<double> block;
    const Array<double> x = random_array<double>(kShape, 1), d = random_array<double>(kShape, 2);
    CHECK(max_difference(attention_input_backward(block, x, d), d) == 0);
    block.before_attention = norm_of_seed(NormKind::layer, 3);
    const Array<double> found = attention_input_backward(block, x, d);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double slope = (weighted_sum(attention_input(block, with_step(x, i, kStep)), d) -
                              weighted_sum(attention_input(block, with_step(x, i, -kStep)), d)) /
                             (2 * kStep);
        CHECK(found.data()[i] == Approx(slope).margin(1e-7));
    }
}
