// The numbers that a mistake brings, estimated from the observation.
#include <algorithm>
#include <cmath>

#include "analysis/estimates.hpp"
#include "analysis/trial.hpp"

namespace attn::analysis {

// Least squares on the sample, from a number that is near.
double Trial::fit(const Mistakes& mistakes, const Number& number, double start) {
    std::vector<double> seen;
    const auto compute = [&](double value) {
        Mistakes tried = mistakes;
        number.set(tried, value);
        std::vector<double> expected;
        seen.clear();
        visit(tried, true, [&](const Piece&, const Faced& faced) {
            expected.insert(expected.end(), faced.expected.begin(), faced.expected.end());
            seen.insert(seen.end(), faced.seen.begin(), faced.seen.end());
        });
        return expected;
    };
    compute(start);
    const std::vector<double> observed = seen;
    return fit_number(compute, observed, start);
}

// From the start that is nearest.
double Trial::fit_from(const Mistakes& mistakes, const Number& number,
                       const std::vector<double>& starts) {
    double best = starts.front(), least = kNoMatch * kNoMatch;
    for (const double start : starts) {
        Mistakes tried = mistakes;
        number.set(tried, start);
        const double square = closeness(tried, 0, true).square();
        if (square >= least) continue;
        least = square;
        best = start;
    }
    return fit(mistakes, number, best);
}

namespace {

std::vector<double> around(double usual) {
    std::vector<double> starts{usual};
    for (const double times : {1.4, 2.0, 4.0, 8.0})
        starts.insert(starts.end(), {usual / times, usual * times});
    return starts;
}

}  // namespace

Trial::Number Trial::scale_number() const {
    return {[](Mistakes& m, double scale) { m.scale = scale; }, scale_of(inputs_)};
}

// The logarithms of weights tell any scale unless it is capped; least squares make it sharp.
void Trial::estimate_scale(const Explanation& explanation, Mistakes& mistakes) {
    const Number scale = scale_number();
    const bool caps = inputs_.options->softcap && !mistakes.missing_softcap;
    std::vector<double> starts = around(scale.usual);
    if (observation_.kind != Observed::output && !caps) {
        Mistakes masked = mistakes;
        masked.zeros_for_masked = masked.ones_for_allowed = masked.softmax_twice = false;
        ScaleEstimate estimate(observation_.kind, mistakes, scale.usual);
        visit(masked, true, [&](const Piece&, const Faced& faced) { estimate.add(faced); });
        starts = {estimate.value()};
    }
    mistakes.scale = starts.front();
    if (!(starts.front() > 0) || has(explanation, Fit::dropout) || has(explanation, Fit::sink))
        return;
    if (starts.size() == 1 && closeness(mistakes, 0, true).residual() > 5 * kMostRounding) return;
    mistakes.scale = fit_from(mistakes, scale, starts);
}

void Trial::estimate_sinks(const Explanation& explanation, Mistakes& mistakes, bool on_sample) {
    Mistakes before = mistakes;
    before.softmax_twice = false;
    before.sinks.clear();
    SinkEstimate estimate(mistakes, extents_.heads, has(explanation, Fit::dropout));
    visit(before, on_sample, [&](const Piece&, const Faced& faced) { estimate.add(faced); });
    mistakes.sinks = estimate.values();
}

void Trial::estimate_epsilon(Explanation&, Mistakes& mistakes) {
    const Number epsilon{[](Mistakes& m, double value) { m.input_epsilon = value; },
                         inputs_.input_norm->epsilon};
    mistakes.input_epsilon =
        fit_from(mistakes, epsilon, {epsilon.usual, 1e-12, 1e-8, 1e-6, 1e-5, 1e-3, 1e-2, 1e-1});
}

// The numbers that are not known beforehand, one after the other.
void Trial::estimate(Explanation& explanation, Mistakes& mistakes, bool on_sample) {
    if (has(explanation, Fit::scale)) estimate_scale(explanation, mistakes);
    if (has(explanation, Fit::sink)) estimate_sinks(explanation, mistakes, on_sample);
    const bool fits = has(explanation, Fit::epsilon) || has(explanation, Fit::input_factor) ||
                      has(explanation, Fit::softcap) || has(explanation, Fit::bias_factor);
    if (!fits) return;
    // What is far away without them is so for another reason; scores have no upper bound, and one
    // of a small head may go far.
    const double far = observation_.kind == Observed::scores ? 2 : 0.5;
    if (has(explanation, Fit::softcap)) mistakes.softcap = *inputs_.options->softcap;
    if (explanation.mistakes.size() > 1 && closeness(mistakes, 0, true).residual() > far) return;
    if (has(explanation, Fit::epsilon)) estimate_epsilon(explanation, mistakes);
    if (has(explanation, Fit::input_factor)) {
        mistakes.input_factor =
            fit(mistakes, {[](Mistakes& m, double factor) { m.input_factor = factor; }, 1}, 1);
    }
    if (has(explanation, Fit::softcap)) {
        mistakes.softcap = fit_from(
            mistakes, {[](Mistakes& m, double cap) { m.softcap = cap; }, *mistakes.softcap},
            around(*mistakes.softcap));
    }
    if (has(explanation, Fit::bias_factor)) {
        mistakes.bias_factor = fit_from(
            mistakes, {[](Mistakes& m, double factor) { m.bias_factor = factor; }, 1}, around(1));
    }
}

}  // namespace attn::analysis
