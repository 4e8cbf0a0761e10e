// Every known mistake, committed on purpose, is found; alone and in pairs, in float32 and float16.
#include "analysis/diagnosis.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "core/parallel.hpp"
#include "support/arrays.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

// Attention of some kind, with everything that the hypotheses need to be possible.
struct World {
    std::string name;
    Array<double> x, x_before_norm;
    ProjectionWeights<double> weights;
    Heads<double> q, k, v;
    AttentionOptions<double> options;

    DenseInputs inputs() const {
        DenseInputs in;
        in.options = &options;
        if (!x.empty()) {
            in.x = &x;
            in.x_before_norm = &x_before_norm;
            in.weights = &weights;
        } else {
            in.q = &q;
            in.k = &k;
            in.v = &v;
        }
        return in;
    }
};

// Self-attention from embeddings with norms, biases, grouped heads and rotary positions.
World decoder(unsigned seed, std::size_t n) {
    World world;
    world.name = "decoder";
    world.x = random_array<double>({2, n, 16}, seed);
    world.x_before_norm = random_array<double>({2, n, 16}, seed + 9);
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
    w.q_norm.kind = w.k_norm.kind = NormKind::rms;
    world.options.mask.structure.causal = true;
    RotaryOptions<double> rotary;
    for (std::size_t i = 0; i < n; ++i)
        rotary.positions.push_back(static_cast<std::int64_t>(i) + 1);
    rotary.frequencies = rotary_frequencies(4, 100);
    rotary.table = make_rotary_table<double>(rotary.positions, rotary.frequencies);
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

// New tokens behind a cache, turned by stretched positions.
World cached(unsigned seed, std::size_t n) {
    constexpr std::size_t past = 4;
    World world;
    world.name = "cached";
    world.q = make_separate_heads(random_array<double>({1, 2, n, 8}, seed));
    world.k = make_separate_heads(random_array<double>({1, 2, n, 8}, seed + 1));
    world.v = make_separate_heads(random_array<double>({1, 2, n, 8}, seed + 2));
    world.options.past_key = random_array<double>({1, 2, past, 8}, seed + 3);
    world.options.past_value = random_array<double>({1, 2, past, 8}, seed + 4);
    world.options.mask.structure.causal = true;
    world.options.mask.structure.offsets = {past};
    RotaryOptions<double> rotary;
    for (std::size_t i = 0; i < n; ++i) {
        rotary.positions.push_back(static_cast<std::int64_t>(past + i));
        rotary.query_rows.push_back(i);
        rotary.key_rows.push_back(i);
    }
    RotaryScaling scaling;
    scaling.kind = RotaryStretch::linear;
    scaling.factor = 3;
    rotary.frequencies = rotary_frequencies(8, 50, scaling);
    rotary.table = make_rotary_table<double>(rotary.positions, rotary.frequencies);
    world.options.rotary = rotary;
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
        if (hypothesis->fit == Fit::sink) mistakes.sinks = {0.4, -1, 1.3, 0};
        if (hypothesis->fit == Fit::rounding) mistakes.arithmetic = Rounding::float16;
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

bool names(const Diagnosis& diagnosis, const std::vector<const Hypothesis*>& planted) {
    return std::any_of(diagnosis.explanations.begin(), diagnosis.explanations.end(),
                       [&](const Explanation& e) { return e.mistakes == planted; });
}

std::vector<const Hypothesis*> possible_in(const World& world, Observed kind) {
    std::vector<const Hypothesis*> result;
    for (const Hypothesis& hypothesis : hypotheses()) {
        const bool told = hypothesis.fit == Fit::nothing || kind == Observed::weights ||
                          (hypothesis.fit == Fit::scale && kind == Observed::scores) ||
                          (hypothesis.fit == Fit::rounding && kind == Observed::output);
        if (told && hypothesis.possible(world.inputs())) result.push_back(&hypothesis);
    }
    return result;
}

std::vector<World> worlds(unsigned seed, std::size_t n) {
    return {decoder(seed, n), masked(seed, n), capped(seed, n), cached(seed, n)};
}

std::size_t random_size(unsigned seed) {
    return 6 + std::mt19937(seed)() % 7;
}

// Of the pairs of mistakes one of so many is planted.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kEvery = 37;
#else
constexpr std::size_t kEvery = 1;
#endif

// What is observed, and how it was saved.
struct Experiment {
    unsigned number;
    Observed kind;
    Rounding rounding;
};

std::vector<Experiment> experiments() {
    std::vector<Experiment> all;
    for (const auto kind : {Observed::weights, Observed::scores, Observed::output}) {
        for (const auto rounding : {Rounding::none, Rounding::float16})
            all.push_back({static_cast<unsigned>(all.size()), kind, rounding});
    }
    return all;
}

std::string text(const World& world, const Experiment& experiment,
                 const std::vector<const Hypothesis*>& planted) {
    const char* const kinds[] = {"weights", "scores", "output"};
    std::string result = world.name + ", " + kinds[static_cast<int>(experiment.kind)] + " " +
                         name_of(experiment.rounding) + ":";
    for (const Hypothesis* hypothesis : planted)
        result += " " + std::string(hypothesis->name) + ";";
    return result;
}

Diagnosis find(const World& world, const std::vector<const Hypothesis*>& planted,
               const Experiment& experiment) {
    const Observation seen{experiment.kind,
                           observe(world, planted, experiment.kind, experiment.rounding)};
    return diagnose(world.inputs(), seen, {});
}

// Weights do not tell that a bias of the values is missing, and the like: whether what was planted
// moves the observation beyond rounding.
bool is_visible(const World& world, const std::vector<const Hypothesis*>& planted,
                const Experiment& experiment) {
    const bool rounds = std::any_of(planted.begin(), planted.end(),
                                    [](const Hypothesis* h) { return h->fit == Fit::rounding; });
    // What was saved in half precision does not tell whether the arithmetic was better.
    if (rounds && experiment.rounding != Rounding::none) return false;
    const Array<double> right = observe(world, {}, experiment.kind, Rounding::none);
    const Array<double> wrong = observe(world, planted, experiment.kind, experiment.rounding);
    const double distance = max_difference(right, wrong);
    return rounds && planted.size() == 1 ? distance > 1e-4 : !(distance < 0.02);
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
    const ThreadLimit one(1);
    std::size_t found = 0;
    std::vector<const Hypothesis*> seen_somewhere;
    for (const unsigned seed : {10u, 20u, 30u}) {
        for (const World& world : worlds(seed, random_size(seed))) {
            for (const Experiment& experiment : experiments()) {
                for (const Hypothesis* hypothesis : possible_in(world, experiment.kind)) {
                    if (!is_visible(world, {hypothesis}, experiment)) continue;
                    INFO(text(world, experiment, {hypothesis}));
                    const Diagnosis diagnosis = find(world, {hypothesis}, experiment);
                    CHECK_FALSE(diagnosis.correct);
                    CHECK(diagnosis.explained());
                    CHECK(names(diagnosis, {hypothesis}));
                    ++found;
                    seen_somewhere.push_back(hypothesis);
                }
            }
        }
    }
    CHECK(found > 300);
    for (const Hypothesis& hypothesis : hypotheses()) {
        INFO(hypothesis.name);
        CHECK(std::count(seen_somewhere.begin(), seen_somewhere.end(), &hypothesis) > 0);
    }
}

TEST_CASE("every pair of mistakes is found in weights, scores and outputs, in any precision") {
    // A million small computations: faster without threads, and with sanitizers a sample of them.
    const ThreadLimit one(1);
    std::size_t found = 0, simpler = 0, pair = 0;
    for (const Experiment& experiment : experiments()) {
        const unsigned seed = 40 + 10 * experiment.number;
        for (const World& world : worlds(seed, random_size(seed))) {
            const auto possible = possible_in(world, experiment.kind);
            for (std::size_t a = 0; a < possible.size(); ++a) {
                for (std::size_t b = a + 1; b < possible.size(); ++b) {
                    const std::vector<const Hypothesis*> planted{possible[a], possible[b]};
                    if (planted[0]->part == planted[1]->part || ++pair % kEvery != 0) continue;
                    if (!is_visible(world, planted, experiment)) continue;
                    INFO(text(world, experiment, planted));
                    const Diagnosis diagnosis = find(world, planted, experiment);
                    CHECK_FALSE(diagnosis.correct);
                    CHECK(diagnosis.explained());
                    // Where one of the two has no effect beside the other, a single one explains
                    // it.
                    const bool single = diagnosis.explanations[0].mistakes.size() == 1;
                    const bool named = names(diagnosis, planted);
                    CHECK((single || named));
                    ++(named ? found : simpler);
                }
            }
        }
    }
    CHECK(found > 2000 / kEvery);
    CHECK(simpler < found / 4);
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

TEST_CASE("one cell that is off makes it not correct") {
    std::mt19937 random(3);
    for (const World& world : worlds(60, 8)) {
        for (const auto kind : {Observed::weights, Observed::scores, Observed::output}) {
            const Array<double> right = observe(world, {}, kind, Rounding::none);
            std::vector<double> values(right.data(), right.data() + right.size());
            double& cell = values[random() % values.size()];
            cell = std::isinf(cell) ? 0.5 : cell + 1e-3 * std::max(1.0, std::abs(cell));
            const Observation seen{kind, {right.shape(), values}};
            CHECK_FALSE(diagnose(world.inputs(), seen, {}).correct);
        }
    }
}

TEST_CASE("a few cells that are off are no rounding, and no precision excuses a leak") {
    std::size_t leaks = 0;
    for (const World& world : worlds(70, 12)) {
        for (const auto rounding : {Rounding::none, Rounding::float16, Rounding::bfloat16}) {
            const Array<double> right = observe(world, {}, Observed::weights, rounding);
            for (std::size_t i = 0; i < right.size(); i += 29) {
                const bool masked = right.data()[i] == 0;
                if (!masked && rounding != Rounding::none) continue;
                std::vector<double> values(right.data(), right.data() + right.size());
                values[i] += 0x1p-13;
                INFO(world.name << ", " << name_of(rounding) << ", cell " << i);
                CHECK_FALSE(
                    diagnose(world.inputs(), {Observed::weights, {right.shape(), values}}, {})
                        .explained());
                leaks += masked ? 1 : 0;
            }
        }
    }
    CHECK(leaks > 20);
}

TEST_CASE("rows without a key may be NaN, as PyTorch has them") {
    const World world = decoder(80, 7);
    Mistakes mistakes;
    mistakes.shift = -1;
    const Array<double> weights = compute_dense(world.inputs(), mistakes).weights;
    std::vector<double> values(weights.data(), weights.data() + weights.size());
    for (std::size_t head = 0; head < 8; ++head)
        std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(head * 49), 7, std::nan(""));
    const Diagnosis diagnosis =
        diagnose(world.inputs(), {Observed::weights, {weights.shape(), values}}, {});
    REQUIRE(diagnosis.explained());
    CHECK(std::string(diagnosis.explanations[0].mistakes[0]->name) ==
          "mask off by one: the query cannot see itself");
}

TEST_CASE("what is NaN altogether is shown as NaN") {
    const World world = decoder(90, 6);
    const std::vector<double> values(8 * 36, std::nan(""));
    const Diagnosis diagnosis =
        diagnose(world.inputs(), {Observed::weights, {{2, 4, 6, 6}, values}}, {});
    CHECK_FALSE(diagnosis.explained());
    CHECK(diagnosis.misfit.differing == 8 * 36);
    CHECK(std::isnan(diagnosis.misfit.observed));
    CHECK(diagnosis.misfit.place == std::vector<std::size_t>{0, 0, 0, 0});
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
