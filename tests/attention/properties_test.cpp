// What must hold of attention whatever the numbers are.
#include <catch2/catch.hpp>
#include <cmath>

#include "attention/layer.hpp"
#include "support/arrays.hpp"
#include "support/recorder.hpp"

using namespace attn;
using namespace attn::test;

namespace {

constexpr std::size_t kLength = 150;

struct Result {
    Array<double> weights;  // [batch, heads, queries, keys]
    Array<double> output;
};

struct Problem {
    Array<double> q = random_array<double>({2, 4, kLength, 8}, 1);
    Array<double> k = random_array<double>({2, 2, kLength, 8}, 2);
    Array<double> v = random_array<double>({2, 2, kLength, 6}, 3);
    AttentionOptions<double> options;

    Result solve() const {
        Recorder<double> recorder(false);
        const auto heads = compute_heads(0, make_separate_heads(q), make_separate_heads(k),
                                         make_separate_heads(v), options, {&recorder});
        return {recorder.weight_array(), heads.output};
    }
};

Broadcast<double> spread(const Array<double>& array) {
    return {array, AttentionSizes{2, 4, kLength, kLength}, "array", "--bias"};
}

// Tokens from `first` on, [batch, heads, count, width].
Array<double> tokens_of(const Array<double>& heads, std::size_t first, std::size_t count) {
    std::vector<double> values;
    const std::size_t width = heads.extent(3);
    for (std::size_t item = 0; item < heads.extent(0) * heads.extent(1); ++item) {
        const double* from = heads.data() + (item * heads.extent(2) + first) * width;
        values.insert(values.end(), from, from + count * width);
    }
    return {{heads.extent(0), heads.extent(1), count, width}, values};
}

// Every key/value head `times` times in a row.
Array<double> repeated(const Array<double>& heads, std::size_t times) {
    std::vector<double> values;
    const std::size_t head = heads.extent(2) * heads.extent(3);
    for (std::size_t item = 0; item < heads.extent(0) * heads.extent(1); ++item) {
        for (std::size_t i = 0; i < times; ++i) {
            values.insert(values.end(), heads.data() + item * head,
                          heads.data() + (item + 1) * head);
        }
    }
    return {{heads.extent(0), heads.extent(1) * times, heads.extent(2), heads.extent(3)}, values};
}

}  // namespace

TEST_CASE("adding a constant to a row of scores changes nothing") {
    Problem problem;
    const Result plain = problem.solve();
    std::vector<double> rows;
    for (std::size_t row = 0; row < kLength; ++row)
        rows.insert(rows.end(), kLength, static_cast<double>(row) - 70);
    problem.options.mask.bias = spread(Array<double>({kLength, kLength}, rows));
    CHECK(max_difference(problem.solve().weights, plain.weights) < 1e-12);
}

TEST_CASE("grouped heads are the same as key/value heads repeated") {
    Problem grouped;
    grouped.options.mask.structure.causal = true;
    Problem full = grouped;
    full.k = repeated(grouped.k, 2);
    full.v = repeated(grouped.v, 2);
    CHECK(max_difference(grouped.solve().weights, full.solve().weights) == 0);
    CHECK(max_difference(grouped.solve().output, full.solve().output) == 0);
}

TEST_CASE("a window as wide as the sequence is no window") {
    Problem problem;
    const Result plain = problem.solve();
    problem.options.mask.structure.window_left = kLength;
    problem.options.mask.structure.window_right = kLength;
    CHECK(max_difference(problem.solve().weights, plain.weights) == 0);
    CHECK(max_difference(problem.solve().output, plain.output) == 0);
}

TEST_CASE("a cache and the rest give what all at once gives") {
    for (const std::size_t past : {1u, 64u, 100u}) {
        Problem whole;
        whole.options.mask.structure.causal = true;
        const Array<double> weights = whole.solve().weights;

        Problem rest = whole;
        rest.q = tokens_of(whole.q, past, kLength - past);
        rest.k = tokens_of(whole.k, past, kLength - past);
        rest.v = tokens_of(whole.v, past, kLength - past);
        rest.options.past_key = tokens_of(whole.k, 0, past);
        rest.options.past_value = tokens_of(whole.v, 0, past);
        rest.options.mask.structure.offsets = {static_cast<std::ptrdiff_t>(past)};
        CHECK(max_difference(rest.solve().weights, tokens_of(weights, past, kLength - past)) <
              1e-14);
    }
}

TEST_CASE("rows sum to one and forbidden cells are exactly zero under every mask at once") {
    Problem problem;
    MaskOptions<double>& mask = problem.options.mask;
    mask.structure.causal = true;
    mask.structure.window_left = 40;
    mask.structure.key_lengths = {kLength, 90};
    std::vector<double> allow(kLength * kLength, 1);
    for (std::size_t i = 0; i < allow.size(); i += 3) allow[i] = 0;
    mask.may_attend = spread(Array<double>({kLength, kLength}, allow));
    const Array<double> weights = problem.solve().weights;
    std::size_t leaks = 0, empty = 0;
    double worst = 0;
    for (std::size_t row = 0; row < 8 * kLength; ++row) {
        const std::size_t query = row % kLength;
        const std::size_t length = mask.structure.key_lengths[row / (4 * kLength)];
        double sum = 0;
        std::size_t keys = 0;
        for (std::size_t key = 0; key < kLength; ++key) {
            const double weight = weights.data()[row * kLength + key];
            const bool allowed = key <= query && key + 40 >= query && key < length &&
                                 allow[query * kLength + key] != 0;
            keys += allowed;
            leaks += !allowed && weight != 0;
            sum += weight;
        }
        empty += keys == 0;
        worst = std::max(worst, std::abs(sum - (keys == 0 ? 0 : 1)));
    }
    CHECK(empty > 0);
    CHECK(leaks == 0);
    CHECK(worst < 1e-13);
}

TEST_CASE("a row without keys is zeros even where its scores are not finite") {
    Problem problem;
    std::vector<double> q(problem.q.size(), 1e200);
    problem.q = Array<double>(problem.q.shape(), q);
    problem.k = Array<double>(problem.k.shape(), std::vector<double>(problem.k.size(), 1e200));
    problem.options.mask.structure.key_lengths = {0, 0};
    const Result nothing = problem.solve();
    CHECK(max_difference(nothing.weights,
                         Array<double>(nothing.weights.shape(),
                                       std::vector<double>(nothing.weights.size()))) == 0);
    problem.options.mask.structure.key_lengths = {};
    problem.options.mask.may_attend =
        spread(Array<double>({1, kLength}, std::vector<double>(kLength, 0)));
    const Result blocked = problem.solve();
    CHECK(max_difference(blocked.weights, nothing.weights) == 0);
    CHECK(max_difference(blocked.output, nothing.output) == 0);
}
