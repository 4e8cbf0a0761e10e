#include "attention/engine.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "attention/layer.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "support/arrays.hpp"
#include "support/conventions.hpp"
#include "support/mask.hpp"
#include "support/recorder.hpp"

using attn::Array;
using attn::Tile;
using attn::test::causal_mask;
using attn::test::excess;
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

// The matrices of one head.
template <class T>
Array<T> of_head(const Array<T>& all, std::size_t sequence, std::size_t head) {
    return all.slice(sequence).slice(head);
}

// The columns of one head of contexts [batch, queries, heads * width].
template <class T>
Array<T> context_of_head(const Array<T>& all, std::size_t sequence, std::size_t head,
                         std::size_t width) {
    std::vector<T> values;
    const Array<T> rows = all.slice(sequence);
    for (std::size_t row = 0; row < rows.extent(0); ++row) {
        const T* from = rows.data() + row * rows.extent(1) + head * width;
        values.insert(values.end(), from, from + width);
    }
    return Array<T>({rows.extent(0), width}, std::move(values));
}

// Every head of a random problem against the definition in double, within what rounding explains.
template <class T>
void check_against_definition(unsigned seed) {
    const auto problem = attn::test::random_problem<T>(seed);
    const auto& options = problem.options;
    INFO(problem.name);
    Recorder<T> recorder;
    const auto result =
        attn::compute_heads(0, problem.q, problem.k, problem.v, options, {&recorder});
    const Array<T> weights = recorder.weight_array(), scores = recorder.score_array();
    for (std::size_t sequence = 0; sequence < problem.q.view.batch; ++sequence) {
        for (std::size_t head = 0; head < problem.q.view.heads; ++head) {
            INFO("sequence " << sequence << ", head " << head);
            const auto expected = attn::test::define<double>(problem, {sequence, head});
            const auto bounds = attn::rounding_bounds<T>(expected);
            CHECK(excess(of_head(weights, sequence, head), expected.weights, bounds.weights) <= 1);
            CHECK(excess(of_head(scores, sequence, head), expected.at(options.score_stage),
                         bounds.at(options.score_stage)) <= 1);
            CHECK(excess(context_of_head(result.output, sequence, head, problem.v.view.width),
                         expected.context, bounds.context) <= 1);
        }
    }
}

}  // namespace

TEST_CASE("attention agrees with its definition, whatever the sizes and conventions") {
    for (unsigned seed = 1; seed <= 60; ++seed) check_against_definition<float>(1000 * seed);
    for (unsigned seed = 1; seed <= 20; ++seed) check_against_definition<double>(1000 * seed + 500);
}

TEST_CASE("attention agrees with its definition where rows are several pieces long") {
    attn::test::RandomProblem<float> problem;
    const std::size_t keys = 9000;
    problem.q = attn::make_separate_heads(random_array<float>({1, 1, 3, 8}, 1));
    problem.k = attn::make_separate_heads(random_array<float>({1, 1, keys, 8}, 2));
    problem.v = attn::make_separate_heads(random_array<float>({1, 1, keys, 4}, 3));
    const auto result = attn::compute_heads<float>(0, problem.q, problem.k, problem.v, {}, {});
    const auto expected = attn::test::define<double>(problem, {});
    const auto bounds = attn::rounding_bounds<float>(expected);
    CHECK(excess(result.output.slice(0), expected.context, bounds.context) <= 1);
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
