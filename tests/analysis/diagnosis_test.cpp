// Every known mistake, committed on purpose, is found; alone and in pairs, in float32 and float16.
#include "analysis/diagnosis.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "support/arrays.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

// Attention of some kind, with everything that the hypotheses need to be possible.
struct World {
    std::string name;
    Array<double> x;
    ProjectionWeights<double> weights;
    Heads<double> q, k, v;
    AttentionOptions<double> options;

    DenseInputs inputs() const {
        DenseInputs in;
        in.options = &options;
        if (!x.empty()) {
            in.x = &x;
            in.weights = &weights;
        } else {
            in.q = &q;
            in.k = &k;
            in.v = &v;
        }
        return in;
    }
};

// Self-attention from embeddings with biases, grouped heads and rotary positions.
World decoder(unsigned seed, std::size_t n) {
    World world;
    world.name = "decoder";
    world.x = random_array<double>({2, n, 16}, seed);
    auto& w = world.weights;
    w.heads = 4;
    w.kv_heads = 2;
    w.W_Q = random_array<double>({16, 16}, seed + 1);
    w.W_K = random_array<double>({16, 8}, seed + 2);
    w.W_V = random_array<double>({16, 8}, seed + 3);
    w.W_O = random_array<double>({16, 16}, seed + 4);
    w.b_Q = random_array<double>({16}, seed + 5);
    w.b_K = random_array<double>({8}, seed + 6);
    w.b_V = random_array<double>({8}, seed + 7);
    w.b_O = random_array<double>({16}, seed + 8);
    for (const auto* matrix : {&w.W_Q, &w.W_K}) {
        std::vector<double> small(matrix->data(), matrix->data() + matrix->size());
        for (double& value : small) value /= 4;
        (matrix == &w.W_Q ? w.W_Q : w.W_K) = Array<double>(matrix->shape(), small);
    }
    world.options.mask.structure.causal = true;
    RotaryOptions<double> rotary;
    std::vector<std::int64_t> positions;
    for (std::size_t i = 0; i < n; ++i) positions.push_back(static_cast<std::int64_t>(i) + 1);
    rotary.table = make_rotary_table<double>(positions, rotary_frequencies(4, 100));
    for (std::size_t i = 0; i < 2 * n; ++i) {
        rotary.query_rows.push_back(i % n);
        rotary.key_rows.push_back(i % n);
    }
    world.options.rotary = rotary;
    return world;
}

// Given heads, fewer queries than keys, with a window, lengths and a mask array.
World masked(unsigned seed, std::size_t n) {
    World world;
    world.name = "masked";
    world.q = make_separate_heads(random_array<double>({2, 2, n, 4}, seed));
    world.k = make_separate_heads(random_array<double>({2, 2, n + 3, 4}, seed + 1));
    world.v = make_separate_heads(random_array<double>({2, 2, n + 3, 4}, seed + 2));
    MaskOptions<double>& mask = world.options.mask;
    mask.structure.causal = true;
    mask.structure.offsets = {3};
    mask.structure.window_left = 3;
    mask.structure.key_lengths = {n + 3, n};
    std::mt19937 random(seed);
    std::vector<double> allow(n * (n + 3));
    for (double& value : allow) value = random() % 4 == 0 ? 0 : 1;
    mask.may_attend = Broadcast<double>(Array<double>({n, n + 3}, allow), {2, 2, n, n + 3}, "", "");
    return world;
}

// Soft cap, sinks and ALiBi, not causal.
World capped(unsigned seed, std::size_t n) {
    World world;
    world.name = "capped";
    world.q = make_separate_heads(random_array<double>({1, 2, n, 4}, seed));
    world.k = make_separate_heads(random_array<double>({1, 2, n, 4}, seed + 1));
    world.v = make_separate_heads(random_array<double>({1, 2, n, 4}, seed + 2));
    world.options.softcap = 1.5;
    world.options.sinks = {0.5, -0.3};
    world.options.mask.alibi = {0.3, 0.1};
    world.options.mask.structure.key_lengths = {n - 2};
    return world;
}

const Array<double>& part(const DenseAttention& attention, Observed kind) {
    return kind == Observed::weights  ? attention.weights
           : kind == Observed::scores ? attention.scores
                                      : attention.output;
}

// What a program with the mistakes would save: computed, then stored with fewer bits.
Array<double> observe(const World& world, const std::vector<const Hypothesis*>& planted,
                      Observed kind, Rounding rounding) {
    Mistakes mistakes;
    bool drops = false;
    for (const Hypothesis* hypothesis : planted) {
        hypothesis->commit(world.inputs(), mistakes);
        if (hypothesis->fit == Fit::scale) mistakes.scale = 0.77;
        drops = drops || hypothesis->fit == Fit::dropout;
    }
    const DenseAttention attention = compute_dense(world.inputs(), mistakes);
    const Array<double>& exact = part(attention, kind);
    std::vector<double> values(exact.data(), exact.data() + exact.size());
    std::mt19937 random(99);
    for (double& value : values) {
        if (drops) value = random() % 4 == 0 ? 0 : value / 0.75;
        value = rounding == Rounding::none ? static_cast<double>(static_cast<float>(value))
                                           : round_to(rounding, value);
    }
    return {exact.shape(), values};
}

double distance(const Array<double>& a, const Array<double>& b) {
    return max_difference(a, b);
}

bool names(const Diagnosis& diagnosis, const std::vector<const Hypothesis*>& planted) {
    return std::any_of(diagnosis.explanations.begin(), diagnosis.explanations.end(),
                       [&](const Explanation& e) { return e.mistakes == planted; });
}

std::string text(const std::vector<const Hypothesis*>& planted) {
    std::string result;
    for (const Hypothesis* hypothesis : planted) result += std::string(hypothesis->name) + "; ";
    return result;
}

std::vector<const Hypothesis*> possible_in(const World& world, Observed kind) {
    std::vector<const Hypothesis*> result;
    for (const Hypothesis& hypothesis : hypotheses()) {
        if (hypothesis.fit != Fit::nothing && kind != Observed::weights) continue;
        if (hypothesis.possible(world.inputs())) result.push_back(&hypothesis);
    }
    return result;
}

std::vector<World> worlds(unsigned seed, std::size_t n) {
    return {decoder(seed, n), masked(seed, n), capped(seed, n)};
}

}  // namespace

TEST_CASE("what is right is called correct") {
    for (const World& world : worlds(5, 9)) {
        for (const auto kind : {Observed::weights, Observed::scores, Observed::output}) {
            for (const auto rounding : {Rounding::none, Rounding::float16, Rounding::bfloat16}) {
                INFO(world.name << ", kind " << static_cast<int>(kind));
                const Observation seen{kind, observe(world, {}, kind, rounding)};
                const Diagnosis diagnosis = diagnose(world.inputs(), seen, {});
                CHECK(diagnosis.correct);
                CHECK(diagnosis.explanations.size() == 1);
                CHECK(diagnosis.explanations[0].mistakes.empty());
            }
        }
    }
}

TEST_CASE("every mistake is found in weights, scores and outputs, in any precision") {
    std::size_t found = 0;
    std::vector<const Hypothesis*> seen_somewhere;
    for (const unsigned seed : {10u, 20u}) {
        for (const World& world : worlds(seed, 8 + seed / 10)) {
            for (const auto kind : {Observed::weights, Observed::scores, Observed::output}) {
                const Array<double> right = observe(world, {}, kind, Rounding::none);
                for (const Hypothesis* hypothesis : possible_in(world, kind)) {
                    for (const auto rounding : {Rounding::none, Rounding::float16}) {
                        const Observation seen{kind, observe(world, {hypothesis}, kind, rounding)};
                        // Weights do not tell that a bias of the values is missing, and the like.
                        if (distance(seen.values, right) < 0.02) continue;
                        INFO(world.name << ", kind " << static_cast<int>(kind) << ", rounding "
                                        << static_cast<int>(rounding) << ": " << hypothesis->name);
                        const Diagnosis diagnosis = diagnose(world.inputs(), seen, {});
                        CHECK_FALSE(diagnosis.correct);
                        CHECK(names(diagnosis, {hypothesis}));
                        ++found;
                        seen_somewhere.push_back(hypothesis);
                    }
                }
            }
        }
    }
    CHECK(found > 200);
    for (const Hypothesis& hypothesis : hypotheses()) {
        INFO(hypothesis.name);
        CHECK(std::count(seen_somewhere.begin(), seen_somewhere.end(), &hypothesis) > 0);
    }
}

TEST_CASE("pairs of mistakes are explained, and never called correct") {
    std::size_t pairs = 0;
    for (const World& world : worlds(30, 7)) {
        const auto possible = possible_in(world, Observed::weights);
        const Array<double> right = observe(world, {}, Observed::weights, Rounding::none);
        for (std::size_t a = 0; a < possible.size(); ++a) {
            for (std::size_t b = a + 1; b < possible.size(); ++b) {
                const std::vector<const Hypothesis*> planted{possible[a], possible[b]};
                if (planted[0]->part == planted[1]->part) continue;
                const Observation seen{Observed::weights,
                                       observe(world, planted, Observed::weights, Rounding::none)};
                if (distance(seen.values, right) < 1e-3) continue;
                INFO(world.name << ": " << text(planted));
                const Diagnosis diagnosis = diagnose(world.inputs(), seen, {});
                CHECK_FALSE(diagnosis.correct);
                REQUIRE_FALSE(diagnosis.explanations.empty());
                // Where one of the two has no effect beside the other, a single one explains it.
                CHECK(diagnosis.explanations[0].residual <= diagnosis.tolerance);
                ++pairs;
            }
        }
    }
    CHECK(pairs > 100);
}

TEST_CASE("what no mistake explains is said to be unexplained") {
    const World world = decoder(40, 8);
    const Observation noise{Observed::weights, random_array<double>({2, 4, 8, 8}, 1)};
    const Diagnosis diagnosis = diagnose(world.inputs(), noise, {});
    CHECK_FALSE(diagnosis.correct);
    REQUIRE(diagnosis.explanations.size() == 5);
    CHECK(diagnosis.explanations[0].residual > diagnosis.tolerance);
    for (std::size_t i = 1; i < 5; ++i)
        CHECK(diagnosis.explanations[i - 1].residual <= diagnosis.explanations[i].residual);
}

TEST_CASE("a scale that nobody thought of is estimated") {
    const World world = decoder(50, 8);
    Mistakes mistakes;
    mistakes.scale = 0.33;
    const Observation seen{Observed::weights, compute_dense(world.inputs(), mistakes).weights};
    const Diagnosis diagnosis = diagnose(world.inputs(), seen, {});
    REQUIRE(diagnosis.explanations.size() == 1);
    CHECK(std::string(diagnosis.explanations[0].mistakes[0]->name) == "another scale");
    CHECK(diagnosis.explanations[0].detail == "scale 0.33");
}
