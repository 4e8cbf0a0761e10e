#include "attention/feed_forward_backward.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"

using namespace attn;
using namespace attn::test;

namespace {

constexpr double kStep = 1e-5;

Array<double> moved_by(const Array<double>& array, std::size_t place, double by) {
    std::vector<double> values(array.values().begin(), array.values().end());
    values[place] += by;
    return Array<double>(array.shape(), std::move(values));
}

FeedForwardWeights<double> weights_of(Activation activation, bool gated, MatrixOrder order) {
    FeedForwardWeights<double> w;
    w.activation = activation;
    w.order = order;
    const auto laid = [&](const Array<double>& W) {
        return order == MatrixOrder::in_out ? W : transposed(W);
    };
    w.W_in = laid(random_array<double>({3, 8}, 1));
    w.b_in = random_array<double>({8}, 2);
    w.W_out = laid(random_array<double>({8, 3}, 3));
    w.b_out = random_array<double>({3}, 4);
    if (gated) w.W_gate = laid(random_array<double>({3, 8}, 5));
    return w;
}

double worst_slope(const FeedForwardWeights<double>& w) {
    const Array<double> x = random_array<double>({2, 4, 3}, 6);
    const Array<double> dy = random_array<double>({2, 4, 3}, 7);
    const Array<double> found = feed_forward_backward(x, w, dy);
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const Array<double> up = feed_forward(moved_by(x, i, kStep), w);
        const Array<double> down = feed_forward(moved_by(x, i, -kStep), w);
        double slope = 0;
        for (std::size_t j = 0; j < dy.size(); ++j)
            slope += dy.data()[j] * (up.data()[j] - down.data()[j]) / (2 * kStep);
        worst = std::max(worst, std::abs(slope - found.data()[i]));
    }
    return worst;
}

}  // namespace

TEST_CASE("slopes of activations are what central differences say") {
    for (const Activation activation :
         {Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::silu}) {
        for (const double x : {-8.0, -1.3, -0.2, 0.4, 2.1, 9.0}) {
            const double slope =
                (activate(activation, x + kStep) - activate(activation, x - kStep)) / (2 * kStep);
            CHECK(activation_slope(activation, x) == Approx(slope).margin(1e-9));
        }
    }
}

TEST_CASE("a gradient goes back through feed-forward parts of every kind") {
    for (const Activation activation :
         {Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::silu}) {
        for (const bool gated : {false, true}) {
            for (const MatrixOrder order : {MatrixOrder::in_out, MatrixOrder::out_in})
                CHECK(worst_slope(weights_of(activation, gated, order)) < 1e-7);
        }
    }
}
