// Attentions of several kinds for diagnosis: between them every mistake is possible.
#pragma once

#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "analysis/dense_attention.hpp"
#include "support/arrays.hpp"

namespace attn::test {

using analysis::DenseInputs;

// Attention of some kind, with everything that the hypotheses need to be possible.
struct World {
    std::string name;
    Array<double> x, x_before_norm;
    Norm<double> input_norm;
    Array<double> x_at_first;  // what a norm and a sum make x_before_norm of
    ProjectionWeights<double> weights;
    Heads<double> q, k, v;
    AttentionOptions<double> options;
    analysis::NextLayer next;  // of a model that goes on
    std::vector<std::pair<std::size_t, RelativeBias<double>>> other_relative;

    Array<double> hidden(double epsilon) const {
        Norm<double> norm;
        norm.kind = NormKind::rms;
        norm.epsilon = epsilon;
        const Array<double> normal = normalise(x_at_first, norm);
        std::vector<double> sum(normal.data(), normal.data() + normal.size());
        for (std::size_t i = 0; i < sum.size(); ++i)
            sum[i] += (i % 3 == 0 ? 3 : 1) * std::cos(static_cast<double>(i));
        return {normal.shape(), std::move(sum)};
    }

    DenseInputs inputs() const {
        DenseInputs in;
        in.options = &options;
        in.other_relative = other_relative;
        if (next.k.view.heads > 0) in.next_layer = [this] { return &next; };
        if (!x.empty()) {
            in.x = &x;
            in.x_before_norm = &x_before_norm;
            in.input_norm = &input_norm;
            in.hidden_with_epsilon = [this](double epsilon) { return hidden(epsilon); };
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
inline World decoder(unsigned seed, std::size_t n) {
    World world;
    world.name = "decoder";
    world.x_at_first = random_array<double>({2, n, 16}, seed + 9);
    world.x_before_norm = world.hidden(world.input_norm.epsilon);
    world.input_norm.kind = NormKind::layer;
    world.input_norm.weight = random_array<double>({16}, seed + 10);
    world.x = normalise(world.x_before_norm, world.input_norm);
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
    w.q_norm.weight = random_array<double>({4}, seed + 11);
    w.k_norm.weight = random_array<double>({4}, seed + 12);
    world.next.weights = w;
    world.next.weights.W_K = random_array<double>({16, 8}, seed + 13);
    world.next.weights.W_V = random_array<double>({16, 8}, seed + 14);
    world.next.k = make_separate_heads(random_array<double>({2, 2, n, 4}, seed + 15));
    world.next.v = make_separate_heads(random_array<double>({2, 2, n, 4}, seed + 16));
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
inline World masked(unsigned seed, std::size_t n) {
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
inline World capped(unsigned seed, std::size_t n) {
    World world;
    world.name = "capped";
    world.q = make_separate_heads(random_array<double>({1, 2, n, 4}, seed));
    world.k = make_separate_heads(random_array<double>({1, 2, n, 4}, seed + 1));
    world.v = make_separate_heads(random_array<double>({1, 2, n, 4}, seed + 2));
    world.options.scale = 0.8;
    world.options.softcap = 1.5;
    world.options.sinks = {0.5, -0.3};
    world.options.mask.alibi = {0.3, 0.1};
    world.options.mask.structure.key_lengths = {n - 2};
    return world;
}

// The same of eight heads, two for each key/value head, without what belongs to a head by number.
inline World capped_groups(unsigned seed, std::size_t n) {
    World world = capped(seed, n);
    world.q = make_separate_heads(random_array<double>({1, 8, n, 4}, seed));
    world.k = make_separate_heads(random_array<double>({1, 4, n, 4}, seed + 1));
    world.v = make_separate_heads(random_array<double>({1, 4, n, 4}, seed + 2));
    world.options.sinks = {};
    world.options.mask.alibi = {};
    return world;
}

// New tokens behind a cache, turned by stretched positions.
inline World cached(unsigned seed, std::size_t n) {
    constexpr std::size_t past = 4;
    World world;
    world.name = "cached";
    world.q = make_separate_heads(random_array<double>({2, 2, n, 8}, seed));
    world.k = make_separate_heads(random_array<double>({2, 2, n, 8}, seed + 1));
    world.v = make_separate_heads(random_array<double>({2, 2, n, 8}, seed + 2));
    world.options.past_key = random_array<double>({2, 2, past, 8}, seed + 3);
    world.options.past_value = random_array<double>({2, 2, past, 8}, seed + 4);
    world.options.mask.structure.causal = true;
    world.options.mask.structure.offsets = {past};
    RotaryOptions<double> rotary;
    for (std::size_t i = 0; i < n; ++i) {
        rotary.positions.push_back(static_cast<std::int64_t>(past + i));
    }
    for (std::size_t i = 0; i < 2 * n; ++i) {
        rotary.query_rows.push_back(i % n);
        rotary.key_rows.push_back(i % n);
    }
    RotaryScaling scaling;
    scaling.kind = RotaryStretch::linear;
    scaling.factor = 3;
    rotary.frequencies = rotary_frequencies(8, 50, scaling);
    rotary.table = make_rotary_table<double>(rotary.positions, rotary.frequencies);
    world.options.rotary = rotary;
    return world;
}

// T5's distances beside an array of biases, windows on both sides, lengths, and some of the
// dimensions turned.
inline World biased(unsigned seed, std::size_t n) {
    World world;
    world.name = "biased";
    world.q = make_separate_heads(random_array<double>({2, 2, n, 8}, seed));
    world.k = make_separate_heads(random_array<double>({2, 2, n, 8}, seed + 1));
    world.v = make_separate_heads(random_array<double>({2, 2, n, 8}, seed + 2));
    MaskOptions<double>& mask = world.options.mask;
    mask.structure.window_left = 4;
    mask.structure.window_right = 3;
    mask.structure.key_lengths = {n, n - 2};
    RelativeBuckets buckets;
    buckets.buckets = 8;
    buckets.max_distance = 12;
    buckets.bidirectional = true;
    mask.relative = RelativeBias<double>(random_array<double>({8, 2}, seed + 3), buckets);
    world.other_relative = {
        {3, RelativeBias<double>(random_array<double>({8, 2}, seed + 5), buckets)}};
    mask.bias = Broadcast<double>(random_array<double>({2, n, n}, seed + 4), {2, 2, n, n}, "", "");
    RotaryOptions<double> rotary;
    for (std::size_t i = 0; i < n; ++i) rotary.positions.push_back(static_cast<std::int64_t>(i));
    for (std::size_t i = 0; i < 2 * n; ++i) {
        rotary.query_rows.push_back(i % n);
        rotary.key_rows.push_back(i % n);
    }
    rotary.frequencies = rotary_frequencies(4, 50);
    rotary.table = make_rotary_table<double>(rotary.positions, rotary.frequencies);
    world.options.rotary = rotary;
    return world;
}

inline std::vector<World> worlds(unsigned seed, std::size_t n) {
    return {decoder(seed, n), masked(seed, n), capped(seed, n), cached(seed, n), biased(seed, n)};
}

}  // namespace attn::test
