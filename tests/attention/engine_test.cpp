#include "attention/engine.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "support/arrays.hpp"
#include "support/mask.hpp"
#include "support/recorder.hpp"

using attn::Array;
using attn::Tile;
using attn::test::causal_mask;
using attn::test::max_difference;
using attn::test::random_array;
using attn::test::Recorder;

namespace {

struct Problem {
    std::size_t batch = 1, heads = 2, tokens = 10, d_head = 4, d_value = 4;
    bool causal = false;
};

template <class T>
struct Solution {
    Array<T> scores, weights, context;
};

template <class T>
Solution<T> compute(const Problem& p, unsigned seed = 1) {
    const auto q = random_array<T>({p.batch, p.tokens, p.heads * p.d_head}, seed);
    const auto k = random_array<T>({p.batch, p.tokens, p.heads * p.d_head}, seed + 1);
    const auto v = random_array<T>({p.batch, p.tokens, p.heads * p.d_value}, seed + 2);
    attn::AttentionInputs<T> inputs;
    inputs.q = attn::packed_heads(q, p.heads);
    inputs.k = attn::packed_heads(k, p.heads);
    inputs.v = attn::packed_heads(v, p.heads);
    inputs.scale = static_cast<T>(0.5);
    Recorder<T> recorder;
    const Array<T> context = attn::attend(inputs, causal_mask<T>(p.tokens, p.causal), {&recorder});
    return {recorder.score_array(), recorder.weight_array(), context};
}

// The definition, cell by cell in double.
Solution<double> define(const Problem& p, unsigned seed = 1) {
    const auto q = random_array<float>({p.batch, p.tokens, p.heads * p.d_head}, seed);
    const auto k = random_array<float>({p.batch, p.tokens, p.heads * p.d_head}, seed + 1);
    const auto v = random_array<float>({p.batch, p.tokens, p.heads * p.d_value}, seed + 2);
    std::vector<double> scores, weights(p.batch * p.heads * p.tokens * p.tokens);
    std::vector<double> context(p.batch * p.tokens * p.heads * p.d_value);
    for (std::size_t b = 0; b < p.batch; ++b) {
        for (std::size_t h = 0; h < p.heads; ++h) {
            for (std::size_t i = 0; i < p.tokens; ++i) {
                double sum = 0;
                const std::size_t row = ((b * p.heads + h) * p.tokens + i) * p.tokens;
                for (std::size_t j = 0; j < p.tokens; ++j) {
                    double score = 0;
                    for (std::size_t d = 0; d < p.d_head; ++d) {
                        score +=
                            0.5 *
                            static_cast<double>(q.data()[(b * p.tokens + i) * p.heads * p.d_head +
                                                         h * p.d_head + d]) *
                            static_cast<double>(k.data()[(b * p.tokens + j) * p.heads * p.d_head +
                                                         h * p.d_head + d]);
                    }
                    if (p.causal && j > i) score = -std::numeric_limits<double>::infinity();
                    scores.push_back(score);
                    sum += weights[row + j] = std::exp(score);
                }
                for (std::size_t j = 0; j < p.tokens; ++j) {
                    weights[row + j] /= sum;
                    for (std::size_t d = 0; d < p.d_value; ++d) {
                        context[((b * p.tokens + i) * p.heads + h) * p.d_value + d] +=
                            weights[row + j] *
                            static_cast<double>(v.data()[(b * p.tokens + j) * p.heads * p.d_value +
                                                         h * p.d_value + d]);
                    }
                }
            }
        }
    }
    const attn::Shape cells{p.batch, p.heads, p.tokens, p.tokens};
    return {{cells, scores}, {cells, weights}, {{p.batch, p.tokens, p.heads * p.d_value}, context}};
}

}  // namespace

TEST_CASE("attention agrees with its definition, whatever the shape") {
    for (const bool causal : {false, true}) {
        for (const Problem& shape :
             {Problem{1, 1, 1, 1, 1}, Problem{1, 2, 10, 4, 4}, Problem{2, 3, 17, 5, 2},
              Problem{1, 2, 300, 8, 8}, Problem{3, 1, 65, 16, 3}}) {
            Problem problem = shape;
            problem.causal = causal;
            INFO("tokens " << problem.tokens << ", causal " << causal);
            const auto result = compute<float>(problem);
            const auto expected = define(problem);
            CHECK(max_difference(result.scores, expected.scores) < 2e-5);
            CHECK(max_difference(result.weights, expected.weights) < 2e-6);
            CHECK(max_difference(result.context, expected.context) < 1e-5);
        }
    }
}

TEST_CASE("float64 is computed in float64") {
    const Problem problem{1, 2, 70, 8, 8, true};
    const auto wide = compute<double>(problem);
    CHECK(std::abs(wide.weights.data()[problem.tokens] + wide.weights.data()[problem.tokens + 1] -
                   1) < 1e-15);
    // The random numbers are drawn as double and rounded to float in one of the two.
    CHECK(max_difference(wide.weights, compute<float>(problem).weights) < 1e-5);
}

TEST_CASE("rows sum to one and masked cells are exactly zero") {
    const Problem problem{1, 2, 500, 16, 16, true};
    const auto result = compute<float>(problem);
    std::size_t leaks = 0;
    double worst = 0;
    for (std::size_t row = 0; row < problem.heads * problem.tokens; ++row) {
        const float* weights = result.weights.data() + row * problem.tokens;
        double sum = 0;
        for (std::size_t key = 0; key < problem.tokens; ++key) {
            sum += static_cast<double>(weights[key]);
            if (key > row % problem.tokens && weights[key] != 0) ++leaks;
        }
        worst = std::max(worst, std::abs(sum - 1));
    }
    CHECK(leaks == 0);
    CHECK(worst <= 4 * 1.2e-7 * std::sqrt(500.0));
}

TEST_CASE("the number of threads changes no bit") {
    const Problem problem{2, 3, 333, 16, 16, true};
    std::vector<Solution<float>> results;
    for (const std::size_t threads : {1, 2, 4}) {
        const attn::ThreadLimit limit(threads);
        results.push_back(compute<float>(problem));
    }
    const auto same_bits = [](const Array<float>& a, const Array<float>& b) {
        return a.shape() == b.shape() &&
               std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
    };
    for (const auto& result : results) {
        CHECK(same_bits(result.weights, results[0].weights));
        CHECK(same_bits(result.scores, results[0].scores));
        CHECK(same_bits(result.context, results[0].context));
    }
}

TEST_CASE("sinks change no bit, and each head ends once") {
    const auto q = random_array<float>({2, 130, 12}, 5);
    attn::AttentionInputs<float> inputs;
    inputs.q = inputs.k = inputs.v = attn::packed_heads(q, 3);
    const auto mask = causal_mask<float>(130);
    Recorder<float> with_scores(true), without_scores(false);
    const auto a = attn::attend(inputs, mask, {&with_scores});
    const auto b = attn::attend(inputs, mask, {&without_scores});
    const auto c = attn::attend<float>(inputs, mask, {});
    CHECK(max_difference(a, b) == 0);
    CHECK(max_difference(a, c) == 0);
    CHECK(with_scores.weights == without_scores.weights);
    CHECK(with_scores.finished.size() == 6);
    CHECK(with_scores.tiles >= 6);
}

TEST_CASE("permuting the keys permutes the columns and leaves the context") {
    const std::size_t n = 40;
    const auto q = random_array<float>({1, n, 8}, 11);
    const auto k = random_array<float>({1, n, 8}, 12);
    std::vector<float> reversed;
    for (std::size_t row = n; row-- > 0;)
        reversed.insert(reversed.end(), k.data() + row * 8, k.data() + (row + 1) * 8);
    const Array<float> k_reversed({1, n, 8}, reversed);

    Recorder<float> plain, permuted;
    attn::AttentionInputs<float> inputs;
    inputs.q = attn::packed_heads(q, 2);
    inputs.k = inputs.v = attn::packed_heads(k, 2);
    const auto context = attn::attend(inputs, causal_mask<float>(n, false), {&plain});
    inputs.k = inputs.v = attn::packed_heads(k_reversed, 2);
    const auto same_context = attn::attend(inputs, causal_mask<float>(n, false), {&permuted});
    double worst = 0;
    for (std::size_t row = 0; row < 2 * n; ++row) {
        for (std::size_t key = 0; key < n; ++key) {
            worst = std::max(
                worst, static_cast<double>(std::abs(plain.weights[row * n + key] -
                                                    permuted.weights[row * n + n - 1 - key])));
        }
    }
    CHECK(worst < 1e-6);
    CHECK(max_difference(context, same_context) < 1e-5);
}

TEST_CASE("what a sink throws comes out of the computation") {
    class Thrower : public attn::Sink<float> {
        void consume(const Tile<float>&) override { attn::fail("disk is full"); }
    } thrower;
    const auto q = random_array<float>({1, 600, 4}, 1);
    attn::AttentionInputs<float> inputs;
    inputs.q = inputs.k = inputs.v = attn::packed_heads(q, 2);
    CHECK_THROWS_WITH(attn::attend(inputs, causal_mask<float>(600, false), {&thrower}),
                      "disk is full");
}
