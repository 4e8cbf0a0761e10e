#include "analysis/gradient_norms.hpp"

#include <catch2/catch.hpp>

using namespace attn;
using namespace attn::analysis;

namespace {

LayerGradientStats layer(double out, double in) {
    LayerGradientStats stats;
    stats.grad_out = out;
    stats.grad_in = in;
    return stats;
}

}  // namespace

TEST_CASE("norms are taken in double over all values") {
    const Array<float> a({2, 2}, {1, 2, 3, 4});
    CHECK(norm_of(a) == Approx(std::sqrt(30.0)));
    CHECK(norm_of_difference(a, Array<float>({2, 2}, {1, 2, 3, 2})) == 2);
}

TEST_CASE("the depth gain is what is left at the input, and says vanishing or exploding") {
    const auto verdict = [](double gain) {
        return summarise_layers({layer(10, 10 * gain), layer(1, 10)}, std::nullopt).verdict;
    };
    CHECK(verdict(1) == "ok");
    CHECK(verdict(0.9e-4) == "vanishing");
    CHECK(verdict(1.1e2) == "exploding");
    const auto model = summarise_layers({layer(2, 8), layer(2, 2)}, std::nullopt);
    CHECK(model.depth_gain == 4);
    CHECK(model.rate == 2);
    const auto alone = summarise_layers({layer(1, 1e9), layer(1, 1)}, std::nullopt, false);
    CHECK(std::isnan(alone.depth_gain));
    CHECK(alone.verdict == "ok");
}

TEST_CASE("gradients that are no numbers are never ok, whatever norm shows it") {
    const auto verdict = [](const LayerGradientStats& top, const LayerGradientStats& bottom) {
        return summarise_layers({bottom, top}, 1.0).verdict;
    };
    const double nan = LayerGradientStats::kNone;
    const double infinite = std::numeric_limits<double>::infinity();
    for (const double bad : {nan, infinite}) {
        LayerGradientStats good = layer(1, 1), matrix = layer(1, 1), bias = layer(1, 1);
        LayerGradientStats out = layer(bad, 1), in = layer(1, bad);
        for (LayerGradientStats* stats : {&good, &matrix, &bias, &out, &in})
            stats->projections = {{"W_Q", 3, 6}, {"b_Q", 1, nan}};
        matrix.projections[0].gradient = bias.projections[1].gradient = bad;
        CHECK(verdict(good, good) == "ok");
        for (const LayerGradientStats& wrong : {matrix, bias, out, in}) {
            CHECK(verdict(wrong, good) == "nonfinite");
            CHECK(verdict(good, wrong) == "nonfinite");
        }
        CHECK(summarise_layers({matrix}, 1.0, false).verdict == "nonfinite");
    }
    LayerGradientStats matrix = layer(1, 1);
    matrix.projections = {{"W_Q", nan, 6}};
    CHECK(std::isnan(summarise_layers({matrix}, 1.0).clip_coefficient));
    // Of --query, --key and --value: nothing below them is asked for.
    CHECK(summarise_layers({layer(1, nan)}, std::nullopt).verdict == "ok");
}

TEST_CASE("the clip coefficient is torch's, over matrices and biases of all layers") {
    LayerGradientStats a = layer(1, 1), b = layer(1, 1);
    a.projections = {{"W_Q", 3, 6}, {"b_Q", 0, LayerGradientStats::kNone}};
    b.projections = {{"W_Q", 4, 8}};
    CHECK(summarise_layers({a, b}, 1.0).global_norm == 5);
    CHECK(summarise_layers({a, b}, 1.0).clip_coefficient == Approx(1 / 5.000001));
    CHECK(summarise_layers({a, b}, 50.0).clip_coefficient == 1);
    CHECK(std::isnan(summarise_layers({layer(1, 1)}, 1.0).global_norm));
}

TEST_CASE("qk_to_v compares the matrices that make scores with that of values") {
    LayerGradientStats stats = layer(1, 1);
    stats.projections = {{"W_Q", 3, 1}, {"W_K", 4, 1}, {"W_V", 10, 1}};
    CHECK(stats.qk_to_v() == 0.5);
    stats.projections.pop_back();
    CHECK(std::isnan(stats.qk_to_v()));
}
