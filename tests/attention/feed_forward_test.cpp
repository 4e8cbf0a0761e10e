#include "attention/feed_forward.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"

using namespace attn;
using attn::test::max_difference;

TEST_CASE("activations agree with PyTorch") {
    // torch.nn.functional of -2, -0.5, 0.25 and 3 in float64
    const double x[] = {-2, -0.5, 0.25, 3};
    const double gelu[] = {-0.04550026389635842, -0.15426876936299344, 0.14967658142073093,
                           2.99595030590511};
    const double tanh[] = {-0.04540230591222494, -0.15428599017485606, 0.149675350701685,
                           2.996362607918227};
    const double silu[] = {-0.2384058440442351, -0.1887703343990727, 0.14054412522144952,
                           2.8577223804672998};
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(activate(Activation::relu, x[i]) == std::max(x[i], 0.0));
        CHECK(activate(Activation::gelu, x[i]) == Approx(gelu[i]).epsilon(1e-12));
        CHECK(activate(Activation::gelu_tanh, x[i]) == Approx(tanh[i]).epsilon(1e-12));
        CHECK(activate(Activation::silu, x[i]) == Approx(silu[i]).epsilon(1e-12));
    }
}

TEST_CASE("a gate multiplies what goes in") {
    FeedForwardWeights<double> weights;
    weights.activation = Activation::relu;
    weights.W_in = Array<double>({1, 2}, {2, 3});
    weights.W_gate = Array<double>({1, 2}, {1, -1});
    weights.b_gate = Array<double>({2}, {0, 10});
    weights.W_out = Array<double>({2, 1}, {1, 100});
    weights.b_out = Array<double>({1}, {0.5});
    // x = 4: gate (4, 6), in (8, 12)
    const Array<double> x({1, 1, 1}, {4});
    CHECK(feed_forward(x, weights).data()[0] == 4 * 8 + 100 * 6 * 12 + 0.5);
}

TEST_CASE("matrices of nn.Linear give the same as transposed ones") {
    FeedForwardWeights<double> in_out;
    in_out.W_in = attn::test::random_array<double>({5, 7}, 1);
    in_out.W_out = attn::test::random_array<double>({7, 5}, 2);
    FeedForwardWeights<double> out_in = in_out;
    out_in.order = MatrixOrder::out_in;
    out_in.W_in = transposed(in_out.W_in);
    out_in.W_out = transposed(in_out.W_out);
    const auto x = attn::test::random_array<double>({2, 3, 5}, 3);
    CHECK(max_difference(feed_forward(x, in_out), feed_forward(x, out_in)) < 1e-13);
}
