// The numbers that a mistake brings, estimated from the observation.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "analysis/estimates.hpp"
#include "analysis/mask_value.hpp"
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

std::string to_text(double value, int digits = 4) {
    char text[32];
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    return text;
}

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
    if (starts.size() > 1 && (has(explanation, Fit::dropout) || has(explanation, Fit::sink))) {
        mistakes.scale = search_scale(explanation, mistakes);
        return;
    }
    mistakes.scale = starts.front();
    if (!(starts.front() > 0) || has(explanation, Fit::dropout) || has(explanation, Fit::sink))
        return;
    if (starts.size() == 1 && closeness(mistakes, 0, true).residual() > 5 * kMostRounding) return;
    mistakes.scale = fit_from(mistakes, scale, starts);
}

// Beside a number that each scale brings with it: where they fit best together.
double Trial::search_scale(const Explanation& explanation, Mistakes mistakes) {
    const auto square = [&](double scale) {
        mistakes.scale = scale;
        if (has(explanation, Fit::sink)) estimate_sinks(explanation, mistakes, true);
        if (!has(explanation, Fit::dropout)) return closeness(mistakes, 0, true).square();
        DropoutEstimate estimate(saved_);
        visit(mistakes, true, [&](const Piece&, const Faced& faced) { estimate.add(faced); });
        return closeness(mistakes, estimate.likely_factor(), true).square();
    };
    double best = scale_of(inputs_), least = square(best);
    const auto look = [&](double scale) {
        const double found = square(scale);
        if (found >= least) return;
        least = found;
        best = scale;
    };
    for (const double start : around(best)) look(start);
    for (double step = 0.4; step > 1e-9; step /= 2) {
        const double middle = best;
        look(middle * (1 + step));
        look(middle / (1 + step));
    }
    return best;
}

void Trial::estimate_sinks(const Explanation& explanation, Mistakes& mistakes, bool on_sample) {
    Mistakes before = mistakes;
    before.softmax_twice = false;
    before.sinks.clear();
    SinkEstimate estimate(mistakes, extents_.heads, has(explanation, Fit::dropout));
    visit(before, on_sample, [&](const Piece&, const Faced& faced) { estimate.add(faced); });
    mistakes.sinks = estimate.values();
}

// From the values that models have; else from steps so small that the farthest tokens turn by less
// than half a turn between them, as far as that is not too much work. The logarithm is fitted.
void Trial::estimate_theta(Mistakes& mistakes) {
    const Number theta{[](Mistakes& m, double x) { m.rotary_theta = std::exp(x); }, 0};
    std::vector<double> starts;
    for (const double usual : {1e2, 1e3, 5e3, 1e4, 2e4, 2.5e4, 4e4, 5e4, 1e5, 1.6e5, 2.5e5, 5e5,
                               6e5, 1e6, 2e6, 5e6, 1e7, 1e8})
        starts.push_back(std::log(usual));
    mistakes.rotary_theta = std::exp(fit_from(mistakes, theta, starts));
    if (closeness(mistakes, 0, true).residual() <= kMostRounding) return;
    constexpr double kLeast = 1.4, kMost = 18.5, kWork = 2e8;
    const double tokens = static_cast<double>(std::max(extents_.queries, extents_.keys));
    const double numbers =
        static_cast<double>(extents_.batch * extents_.heads) * tokens *
        static_cast<double>(2 * inputs_.options->rotary->frequencies.radians.size());
    const double step =
        std::max(std::clamp(50 / tokens, 0.02, 0.25), (kMost - kLeast) * numbers / kWork);
    starts.clear();
    for (double at = kLeast; at < kMost; at += step) starts.push_back(at);
    mistakes.rotary_theta = std::exp(fit_from(mistakes, theta, starts));
}

// Told where another one fits visibly worse; else how far it may go.
void Trial::estimate_epsilon(Explanation& explanation, Mistakes& mistakes) {
    const Number epsilon{[](Mistakes& m, double value) { m.input_epsilon = value; }, 0};
    std::vector<double> starts{1e-12, 1e-8, 1e-6, 1e-5, 1e-3, 1e-2, 1e-1};
    if (inputs_.input_norm != nullptr) starts.insert(starts.begin(), inputs_.input_norm->epsilon);
    mistakes.input_epsilon = fit_from(mistakes, epsilon, starts);
    const double best = *mistakes.input_epsilon;
    const auto square = [&](double value) {
        Mistakes other = mistakes;
        other.input_epsilon = value;
        return closeness(other, 0, true).square();
    };
    constexpr double kFar = 1.5, kVisiblyWorse = 1.5;
    const double least = kVisiblyWorse * square(best);
    if (square(best / kFar) > least && square(best * kFar) > least) {
        explanation.add_detail("epsilon " + to_text(best));
        return;
    }
    double most = best;
    while (most < 1 && square(2 * most) <= least) most *= 2;
    explanation.add_detail(most < 1 ? "epsilon below " + to_text(2 * most, 1) : "any epsilon");
}

void Trial::estimate_mask_value(Explanation& explanation, Mistakes& mistakes) {
    const Number value{[](Mistakes& m, double x) { m.mask_value = -x; }, 1};
    const auto search = [&] { mistakes.mask_value = -fit_from(mistakes, value, {1, 3, 10, 20}); };
    if (observation_.kind == Observed::output) {
        search();
        explanation.add_detail(to_text(*mistakes.mask_value));
        return;
    }
    Mistakes open = mistakes;
    open.mask_value = 0;
    open.fills_mask = false;
    const DenseComputation without(inputs_, open, store_);
    const double allowance = saved_ == Rounding::none ? 0.01 : 0.5;
    MaskValueEstimate estimate(observation_.kind, mistakes.fills_mask, allowance);
    visit(mistakes, true, [&](const Piece& piece, const Faced& faced) {
        estimate.add(faced, face(without, observation_, piece));
    });
    mistakes.mask_value = estimate.value();
    // Another mistake beside it may hide it from a glance at the rows.
    const bool hidden = explanation.mistakes.size() > 1 && !estimate.leak().empty() &&
                        !estimate.leaks_in_empty_rows();
    if (!mistakes.mask_value && hidden) search();
    if (mistakes.mask_value) {
        explanation.add_detail(to_text(*mistakes.mask_value));
    } else if (estimate.leaks_in_empty_rows()) {
        // Nothing is left beside a key that may be attended; of the usual numbers the nearer one.
        double least = kNoMatch * kNoMatch;
        for (const double usual : {-1e4, -1e9}) {
            Mistakes tried = mistakes;
            tried.mask_value = usual;
            const double square = closeness(tried, 0, true).square();
            if (square >= least) continue;
            least = square;
            mistakes.mask_value = usual;
        }
        explanation.add_detail("such as " + to_text(*mistakes.mask_value) +
                               ", in rows without a key");
    }
    if (!estimate.leak().empty()) explanation.add_detail(estimate.leak());
}

// Nothing where it was off, and where it is to be in some of the rows but is in all.
std::optional<Dropout> Trial::estimate_dropout(Explanation& explanation, const Mistakes& mistakes,
                                               bool on_sample) {
    const bool in_rows = has(explanation, Fit::dropout_in_rows);
    DropoutEstimate estimate(saved_, in_rows);
    visit(mistakes, on_sample, [&](const Piece&, const Faced& faced) { estimate.add(faced); });
    const double factor = estimate.factor();
    explanation.add_detail("p = " + to_text(factor == 0 ? 0 : 1 - 1 / factor));
    const bool everything = !on_sample || is_little(extents_looked_at());
    if (factor == 0 || (in_rows && everything && !estimate.spares_rows())) return std::nullopt;
    return Dropout{factor, in_rows};
}

// The numbers that are not known beforehand, one after the other.
void Trial::estimate(Explanation& explanation, Mistakes& mistakes, bool on_sample) {
    if (has(explanation, Fit::scale)) estimate_scale(explanation, mistakes);
    if (has(explanation, Fit::sink)) estimate_sinks(explanation, mistakes, on_sample);
    if (has(explanation, Fit::mask_value)) estimate_mask_value(explanation, mistakes);
    if (has(explanation, Fit::softcap)) {
        const double cap = *inputs_.options->softcap;
        mistakes.softcap =
            fit_from(mistakes, {[](Mistakes& m, double x) { m.softcap = x; }, cap}, around(cap));
    }
    if (has(explanation, Fit::theta)) estimate_theta(mistakes);
    if (has(explanation, Fit::temperature)) {
        mistakes.temperature =
            fit_from(mistakes, {[](Mistakes& m, double x) { m.temperature = x; }, 1}, around(1));
    }
    if (has(explanation, Fit::bias_factor)) {
        mistakes.bias_factor = fit_from(
            mistakes, {[](Mistakes& m, double factor) { m.bias_factor = factor; }, 1}, around(1));
    }
    const bool fits_epsilon =
        has(explanation, Fit::epsilon) || has(explanation, Fit::epsilon_everywhere);
    if (!fits_epsilon && !has(explanation, Fit::input_factor)) return;
    // What is far away without them is so for another reason; scores have no upper bound, and one
    // of a small head may go far.
    const double far = observation_.kind == Observed::scores ? 2 : 0.5;
    if (explanation.mistakes.size() > 1 && closeness(mistakes, 0, true).residual() > far) return;
    if (fits_epsilon) estimate_epsilon(explanation, mistakes);
    if (has(explanation, Fit::input_factor)) {
        mistakes.input_factor =
            fit(mistakes, {[](Mistakes& m, double factor) { m.input_factor = factor; }, 1}, 1);
    }
}

}  // namespace attn::analysis
