#include "attention/rounding_bounds.hpp"

#include <catch2/catch.hpp>

#include "support/conventions.hpp"

using namespace attn;

namespace {

// One query, two keys: scores 3 and 4, weights, and a context from values 1 and -1.
DefinedHead<double> define(double factor = 1) {
    const auto heads = [](const std::vector<double>& values, std::size_t width) {
        return make_separate_heads(Array<double>({1, 1, values.size() / width, width}, values));
    };
    AttentionOptions<double> options;
    options.scale = 1;
    return define_head<double>(heads({factor, 0}, 2).view, heads({3, 0, 4, 0}, 2).view,
                               heads({1, -1}, 1).view, options, {}, {0});
}

}  // namespace

TEST_CASE("long sums cancel part of their rounding") {
    CHECK(rounding_of_sum(0, 1) == 0);
    CHECK(rounding_of_sum(9, 1) == 9);
    CHECK(rounding_of_sum(10000, 1) == 1000);
}

TEST_CASE("bounds are a few units of what they bound") {
    const HeadBounds bounds = rounding_bounds<float>(define());
    const double unit = 6e-8;
    CHECK(bounds.scaled.data()[1] > 4 * unit);
    CHECK(bounds.scaled.data()[1] < 4 * 20 * unit);
    CHECK(bounds.weights.data()[1] > 4 * unit);
    CHECK(bounds.weights.data()[1] < 200 * unit);
    // The two terms of the context cancel, their errors do not.
    CHECK(bounds.context.data()[0] > bounds.weights.data()[1]);
}

TEST_CASE("bounds grow with the scores and shrink with the type") {
    const HeadBounds small = rounding_bounds<float>(define());
    CHECK(rounding_bounds<float>(define(100)).scores.data()[0] > 50 * small.scores.data()[0]);
    CHECK(rounding_bounds<double>(define()).scores.data()[0] < 1e-8 * small.scores.data()[0]);
}

TEST_CASE("no rounding excuses a weight where a key is masked") {
    const auto zeros = [](double length) {
        const Heads<double> one = make_separate_heads(Array<double>({1, 1, 1, 1}, {1}));
        AttentionOptions<double> options;
        options.mask.structure.key_lengths = {static_cast<std::size_t>(length)};
        const auto head = define_head<double>(one.view, one.view, one.view, options, {}, {0});
        return rounding_bounds<float>(head).weights.data()[0];
    };
    CHECK(zeros(0) == 0);
    CHECK(zeros(1) > 0);
}
