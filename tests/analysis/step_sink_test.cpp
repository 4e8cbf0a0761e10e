#include "analysis/step_sink.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "analysis/stats_sink.hpp"
#include "core/error.hpp"

using namespace attn;
using namespace attn::analysis;

namespace {

constexpr std::size_t kStepTokens = 40;
using StepWeights = std::vector<double>;  // [tokens, tokens]

// Rows sum to one over the keys up to the diagonal.
StepWeights step_weights(double sharpness) {
    StepWeights weights(kStepTokens * kStepTokens);
    for (std::size_t query = 0; query < kStepTokens; ++query) {
        double sum = 0;
        const auto weight = [&](std::size_t key) {
            return std::exp(sharpness * std::sin(static_cast<double>(3 * query + 7 * key)));
        };
        for (std::size_t key = 0; key <= query; ++key) sum += weight(key);
        for (std::size_t key = 0; key <= query; ++key)
            weights[query * kStepTokens + key] = weight(key) / sum;
    }
    return weights;
}

std::size_t cell_at(std::size_t query, std::size_t key) {
    return query * kStepTokens + key;
}

// One head, whose mask is causal whatever its weights say.
template <class Give>
void stream_step_head(const StepWeights& weights, const Sinks<double>& sinks, const Give& give) {
    LayerShape shape;
    shape.queries = shape.keys = shape.block_rows = kStepTokens;
    std::vector<KeyRange> allowed;
    for (std::size_t query = 0; query < kStepTokens; ++query) allowed.push_back({0, query + 1});
    for (Sink<double>* sink : sinks) sink->begin_layer(shape);
    Tile<double> tile;
    tile.active = {0, kStepTokens};
    tile.allowed = {allowed.data(), allowed.size()};
    tile.weights = {weights.data(), kStepTokens, kStepTokens};
    give(tile);
    for (Sink<double>* sink : sinks) sink->end_head(0, 0);
}

// Two steps, the second one beside the first. `shares_sums`: with what is known already.
StepFacts second_step(const StepWeights& before, const StepWeights& now, bool shares_sums) {
    StepSink<double> first{StepOptions<double>{}};
    stream_step_head(before, {&first}, [&](const Tile<double>& tile) { first.consume(tile); });
    StepOptions<double> options;
    options.before = [&](const StepRows& rows, double*) -> MatrixView<const double> {
        return {before.data() + rows.first * kStepTokens, rows.count, kStepTokens};
    };
    StatsSink<double> stats{StatsOptions{}};
    if (shares_sums) {
        options.rows_before = [&](const StepRows& rows) { return first.rows_kept(rows); };
        options.entropy_of = [&](std::size_t sequence, std::size_t head, std::size_t query) {
            return stats.entropy_of(sequence, head, query);
        };
    }
    StepSink<double> second(options);
    stream_step_head(now, {&stats, &second}, [&](const Tile<double>& tile) {
        stats.consume(tile);
        second.consume(tile);
    });
    return second.heads().front();
}

double log_term(double weight) {
    return weight > 0 ? weight * std::log(weight) : 0;
}

// JS / ln 2 of each row, and their mean.
double expected_change(const StepWeights& before, const StepWeights& now) {
    double sum = 0;
    for (std::size_t i = 0; i < now.size(); ++i)
        sum += (log_term(before[i]) + log_term(now[i])) / 2 - log_term((before[i] + now[i]) / 2);
    return sum / std::log(2.0) / static_cast<double>(kStepTokens);
}

}  // namespace

TEST_CASE("how far a head is from the step before is the same by sums that are known and without") {
    const StepWeights before = step_weights(1), now = step_weights(1.5);
    double largest = 0;
    for (std::size_t i = 0; i < now.size(); ++i)
        largest = std::max(largest, std::abs(now[i] - before[i]));
    const StepFacts plain = second_step(before, now, false),
                    shared = second_step(before, now, true);
    CHECK(plain.change == Approx(expected_change(before, now)).epsilon(1e-12));
    CHECK(plain.difference == largest);
    CHECK(shared.change == plain.change);
    CHECK(shared.difference == plain.difference);
    CHECK(second_step(now, now, true).change == 0);
    CHECK(second_step(now, now, true).difference == 0);
}

TEST_CASE("weights of cells that nobody may attend count, at this step or the one before") {
    const StepWeights before = step_weights(1), now = step_weights(1.5);
    StepWeights leaks = now;
    leaks[cell_at(3, 30)] = 0.25;
    for (const auto& [first, second] :
         {std::pair(before, leaks), std::pair(leaks, before), std::pair(leaks, leaks)}) {
        for (const bool shares_sums : {false, true}) {
            const StepFacts facts = second_step(first, second, shares_sums);
            CHECK(facts.change == Approx(expected_change(first, second)).margin(1e-14));
            if (first != second) CHECK(facts.difference >= 0.25);
        }
    }
    StepWeights far = before;
    far[cell_at(0, kStepTokens - 1)] = 7;
    CHECK(second_step(before, far, true).difference == 7);
    CHECK(second_step(far, before, true).difference == 7);
}

TEST_CASE("the range of scores is that of the cells that may be attended") {
    StepWeights weights = step_weights(1);
    double widest = 0;
    for (std::size_t query = 0; query < kStepTokens; ++query) {
        const auto row = weights.begin() + static_cast<std::ptrdiff_t>(query * kStepTokens);
        const auto [low, high] =
            std::minmax_element(row, row + static_cast<std::ptrdiff_t>(query + 1));
        widest = std::max(widest, std::log(*high) - std::log(*low));
    }
    CHECK(second_step(weights, weights, true).score_range == Approx(widest).epsilon(1e-14));
    // Rows with a zero that is attended are left out.
    for (std::size_t query = 1; query < kStepTokens; ++query) weights[cell_at(query, 0)] = 0;
    CHECK(second_step(weights, weights, true).score_range < widest);
}

TEST_CASE("what is not finite is found wherever it is, and differs by nobody knows how much") {
    const StepWeights sound = step_weights(1);
    for (const double bad :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        for (const std::size_t at : {cell_at(5, 2), cell_at(5, 30)}) {
            StepWeights wrong = sound;
            wrong[at] = bad;
            const StepFacts now = second_step(sound, wrong, true);
            CHECK(now.nonfinite);
            CHECK(std::isnan(now.difference));
            const StepFacts before = second_step(wrong, sound, true);
            CHECK_FALSE(before.nonfinite);
            CHECK(std::isnan(before.difference));
        }
    }
    CHECK_FALSE(second_step(sound, sound, true).nonfinite);
}

TEST_CASE("a weight below zero is refused with its place, beside a NaN, too") {
    for (const std::size_t key : {2, 30}) {
        StepWeights wrong = step_weights(1);
        wrong[cell_at(5, 1)] = std::numeric_limits<double>::quiet_NaN();
        wrong[cell_at(5, key)] = -0.25;
        CHECK_THROWS_WITH(
            second_step(step_weights(1), wrong, true),
            Catch::Contains("query 5, key " + std::to_string(key)) && Catch::Contains("-0.25"));
    }
}

TEST_CASE("a head of zeros has no weights and no change") {
    const StepWeights none(kStepTokens * kStepTokens), some = step_weights(1);
    CHECK(second_step(some, none, true).no_weights);
    CHECK(std::isnan(second_step(some, none, true).change));
    CHECK(std::isnan(second_step(none, some, true).change));
    CHECK(second_step(none, some, true).difference == 1);
}
