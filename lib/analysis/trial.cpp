#include "analysis/trial.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "analysis/estimates.hpp"

namespace attn::analysis {
namespace {

std::string number(double value, int digits = 4) {
    char text[32];
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    return text;
}

// What float32 leaves of a number that was fitted: as many digits as tell it from the right one.
constexpr int kFitted = 6;

std::string list(const std::vector<double>& values) {
    std::string text;
    constexpr std::size_t kFew = 4;
    for (std::size_t i = 0; i < std::min(kFew, values.size()); ++i)
        text += (i > 0 ? ", " : "") + number(values[i]);
    return text + (values.size() > kFew ? ", …" : "");
}

void add_detail(Explanation& explanation, const std::string& text) {
    explanation.detail += (explanation.detail.empty() ? "" : ", ") + text;
}

Extents extents_of(const DenseInputs& inputs, DenseHeadsStore& store) {
    const DenseComputation right(inputs, {}, store);
    return {right.batch(), right.heads(), right.queries(), right.keys()};
}

}  // namespace

bool has(const Explanation& explanation, Fit fit) {
    return std::any_of(explanation.mistakes.begin(), explanation.mistakes.end(),
                       [fit](const Hypothesis* hypothesis) { return hypothesis->fit == fit; });
}

Trial::Trial(const DenseInputs& inputs, const Observation& observation, Rounding saved,
             std::function<void()> tick)
    : inputs_(inputs), observation_(observation), saved_(saved), tick_(std::move(tick)) {
    inputs_.wants_output = observation.kind == Observed::output;
    extents_ = extents_of(inputs_, store_);
    unit_ = unit_of(observation);
}

std::vector<Piece> Trial::pieces(SoftmaxAxis axis, bool on_sample) const {
    return on_sample ? sample(extents_, observation_.kind, axis, place_)
                     : whole(extents_, observation_.kind, axis);
}

void Trial::visit(const Mistakes& mistakes, bool on_sample, const Visit& action) {
    const DenseComputation computation(inputs_, mistakes, store_);
    for (const Piece& piece : pieces(mistakes.axis, on_sample)) {
        tick_();
        action(piece, face(computation, observation_, piece));
    }
}

Explanation Trial::try_right(const Visit& action) {
    Closeness exact(unit_, saved_, 0);
    visit({}, false, [&](const Piece& piece, const Faced& faced) {
        action(piece, faced);
        exact.add(faced);
    });
    Explanation right;
    judge({}, 0, false, exact, right);
    return right;
}

Closeness Trial::closeness(const Mistakes& mistakes, double dropout, bool on_sample) {
    Closeness result(unit_, saved_, dropout);
    visit(mistakes, on_sample, [&](const Piece&, const Faced& faced) { result.add(faced); });
    return result;
}

// Least squares on the sample, from a number that is near.
double Trial::fit(const Mistakes& mistakes, const std::function<void(Mistakes&, double)>& set,
                  double start) {
    std::vector<double> seen;
    const auto compute = [&](double value) {
        Mistakes tried = mistakes;
        set(tried, value);
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

// The logarithms of weights tell any scale; least squares make it sharp where they are blurred, and
// find it in outputs when it is near the right one.
void Trial::estimate_scale(const Explanation& explanation, Mistakes& mistakes) {
    const double usual = scale_of(inputs_);
    double start = usual;
    if (observation_.kind != Observed::output) {
        Mistakes masked = mistakes;
        masked.zeros_for_masked = masked.ones_for_allowed = masked.softmax_twice = false;
        ScaleEstimate estimate(observation_.kind, mistakes);
        visit(masked, true, [&](const Piece&, const Faced& faced) { estimate.add(faced); });
        start = estimate.value();
    }
    mistakes.scale = start;
    if (!(start > 0) || has(explanation, Fit::dropout) || has(explanation, Fit::sink)) return;
    const double residual = closeness(mistakes, 0, true).residual();
    if (residual <= kExact / 10 || residual > 5 * kMostRounding) return;
    mistakes.scale = fit(
        mistakes, [](Mistakes& tried, double scale) { tried.scale = scale; }, start);
}

void Trial::estimate_sinks(const Explanation& explanation, Mistakes& mistakes, bool on_sample) {
    Mistakes before = mistakes;
    before.softmax_twice = false;
    before.sinks.clear();
    SinkEstimate estimate(mistakes, extents_.heads, has(explanation, Fit::dropout));
    visit(before, on_sample, [&](const Piece&, const Faced& faced) { estimate.add(faced); });
    mistakes.sinks = estimate.values();
}

void Trial::estimate_epsilon(Mistakes& mistakes) {
    double best = inputs_.input_norm->epsilon, least = closeness(mistakes, 0, true).square();
    for (const double start : {1e-12, 1e-8, 1e-6, 1e-5, 1e-3, 1e-2, 1e-1}) {
        mistakes.input_epsilon = start;
        const double square = closeness(mistakes, 0, true).square();
        if (square >= least) continue;
        least = square;
        best = start;
    }
    mistakes.input_epsilon = fit(
        mistakes, [](Mistakes& tried, double epsilon) { tried.input_epsilon = epsilon; }, best);
}

// The numbers that are not known beforehand, one after the other.
void Trial::estimate(const Explanation& explanation, Mistakes& mistakes, bool on_sample) {
    if (has(explanation, Fit::scale)) estimate_scale(explanation, mistakes);
    if (has(explanation, Fit::sink)) estimate_sinks(explanation, mistakes, on_sample);
    const bool fits_epsilon = has(explanation, Fit::epsilon);
    const bool fits_factor = has(explanation, Fit::input_factor);
    if (!fits_epsilon && !fits_factor) return;
    // What is far away without them is so for another reason; scores have no upper bound, and one
    // of a small head may go far.
    const double far = observation_.kind == Observed::scores ? 2 : 0.5;
    if (explanation.mistakes.size() > 1 && closeness(mistakes, 0, true).residual() > far) return;
    if (fits_epsilon) estimate_epsilon(mistakes);
    if (fits_factor) {
        mistakes.input_factor = fit(
            mistakes, [](Mistakes& tried, double factor) { tried.input_factor = factor; }, 1);
    }
}

Explanation Trial::try_out(const std::vector<const Hypothesis*>& list, bool on_sample) {
    Explanation explanation{list, 0, false, ""};
    Mistakes mistakes;
    for (const Hypothesis* hypothesis : list) hypothesis->commit(inputs_, mistakes);
    estimate(explanation, mistakes, on_sample);
    if (has(explanation, Fit::scale))
        add_detail(explanation, "scale " + number(*mistakes.scale, kFitted));
    if (has(explanation, Fit::sink))
        add_detail(explanation, "sink " + analysis::list(mistakes.sinks));
    if (mistakes.input_epsilon)
        add_detail(explanation, "epsilon " + number(*mistakes.input_epsilon));
    if (mistakes.input_factor != 1)
        add_detail(explanation, "factor " + number(mistakes.input_factor, kFitted));
    explanation.residual = kNoMatch;
    // A factor of zero gives rows that are all alike, and explains nothing.
    constexpr double kMostTimes = 100;
    if (has(explanation, Fit::scale) &&
        !(std::abs(*mistakes.scale) * kMostTimes > scale_of(inputs_)))
        return explanation;
    if (mistakes.input_epsilon.value_or(0) > 1) return explanation;
    const double factor = mistakes.input_factor;
    if (!(factor * factor * kMostTimes > 1 && factor * factor < kMostTimes)) return explanation;
    double dropout = 0;
    if (has(explanation, Fit::dropout)) {
        DropoutEstimate estimate;
        visit(mistakes, on_sample, [&](const Piece&, const Faced& faced) { estimate.add(faced); });
        dropout = estimate.factor();
        add_detail(explanation, "p = " + number(dropout == 0 ? 0 : 1 - 1 / dropout));
        if (dropout == 0) return explanation;
    }
    judge(mistakes, dropout, on_sample, closeness(mistakes, dropout, on_sample), explanation);
    return explanation;
}

void Trial::judge(const Mistakes& mistakes, double dropout, bool on_sample, const Closeness& exact,
                  Explanation& explanation) {
    explanation.residual = exact.residual();
    // What is masked is zero in any precision: a mask that only adds a large number may leak.
    if (observation_.kind == Observed::weights && exact.on_zeros() > 0) return;
    if (!exact.explains_variation()) return;
    if (has(explanation, Fit::rounding)) {
        explanation.fitting = exact.residual() > kExact && exact.residual() <= kMostRounding &&
                              is_rounding(mistakes, dropout, on_sample, explanation);
        return;
    }
    if (saved_ == Rounding::none || exact.residual() <= kExact) {
        explanation.fitting = exact.residual() <= kExact;
        return;
    }
    constexpr double kSaved = 0.501, kEstimated = 1;  // steps
    explanation.fitting = exact.steps() <= kSaved ||
                          (!explanation.detail.empty() && exact.blurred_steps() <= kEstimated);
    if (explanation.fitting || exact.residual() > kMostRounding) return;
    explanation.fitting = is_like_rounding(mistakes, on_sample, exact) ||
                          is_rounding(mistakes, dropout, on_sample, explanation);
}

HalfArithmetic Trial::find_arithmetic(const Mistakes& mistakes, double dropout) {
    const std::vector<Rounding> types =
        saved_ == Rounding::none ? std::vector<Rounding>{Rounding::float16, Rounding::bfloat16}
                                 : std::vector<Rounding>{saved_};
    return find_half_arithmetic(
        mistakes, stages_before(observation_.kind, inputs_), types,
        [&](const Mistakes& tried) { return closeness(tried, dropout, true).square(); });
}

// Numbers that were estimated from what was rounded, again: now what was rounded before them is
// repeated.
void Trial::sharpen(const Explanation& explanation, const HalfArithmetic& found, bool on_sample,
                    Mistakes& mistakes) {
    mistakes.arithmetic = found.type;
    if (has(explanation, Fit::scale)) {
        mistakes.stages = found.stages & (stage::hidden + stage::inputs + stage::matrices +
                                          stage::heads + stage::values + stage::products);
        mistakes.scale = fit(
            mistakes, [](Mistakes& tried, double scale) { tried.scale = scale; }, *mistakes.scale);
    }
    mistakes.stages = found.stages;
    if (has(explanation, Fit::sink)) estimate_sinks(explanation, mistakes, on_sample);
    mistakes.arithmetic = Rounding::none;
}

// The scale where the rounding is repeated best: a sharp valley, that has no slope to follow.
void Trial::settle_scale(const HalfArithmetic& found, Mistakes& mistakes) {
    Mistakes tried = mistakes;
    tried.arithmetic = found.type;
    tried.stages = found.stages;
    double least = closeness(tried, 0, true).square();
    for (double step = 2e-4; step > 1e-7; step /= 2) {
        for (const double away : {1 - step, 1 + step}) {
            tried.scale = *mistakes.scale * away;
            const double square = closeness(tried, 0, true).square();
            if (square >= least) continue;
            least = square;
            mistakes.scale = tried.scale;
        }
    }
}

// Whether someone who rounds at some stages gets what was observed.
bool Trial::is_rounding(Mistakes mistakes, double dropout, bool on_sample,
                        Explanation& explanation) {
    HalfArithmetic found = find_arithmetic(mistakes, dropout);
    const bool blurred = has(explanation, Fit::sink) || has(explanation, Fit::scale);
    if (!found.is_repeated() && found.stages != 0 && blurred) {
        sharpen(explanation, found, on_sample, mistakes);
        found = find_arithmetic(mistakes, dropout);
        if (!found.is_repeated() && found.stages != 0 && has(explanation, Fit::scale)) {
            settle_scale(found, mistakes);
            found = find_arithmetic(mistakes, dropout);
        }
    }
    if (!found.is_repeated()) return false;
    Mistakes rounded = mistakes;
    rounded.arithmetic = found.type;
    rounded.stages = found.stages;
    // What rounding moves, beside what is still to explain when it is repeated.
    Closeness moved(unit_, Rounding::none, 0), left(unit_, saved_, dropout);
    const DenseComputation exact(inputs_, mistakes, store_), repeated(inputs_, rounded, store_);
    for (const Piece& piece : pieces(mistakes.axis, on_sample)) {
        tick_();
        Faced faced = face(repeated, observation_, piece);
        left.add(faced);
        faced.seen = face(exact, observation_, piece).expected;
        moved.add(faced);
    }
    if (left.square() > 0.3 * closeness(mistakes, dropout, on_sample).square()) return false;
    constexpr double kAllowance = 1.5;
    if (left.residual() > std::max(kExact, kAllowance * moved.residual())) return false;
    explanation.residual = left.residual();
    add_detail(explanation, text_of(found));
    return true;
}

// Of what was saved in half precision the arithmetic before was probably no better. Where its
// stages cannot be told, the errors must be as large as such arithmetic makes them, at every
// magnitude, and follow nothing.
bool Trial::is_like_rounding(const Mistakes& mistakes, bool on_sample, const Closeness& exact) {
    Mistakes rounded = mistakes;
    rounded.arithmetic = saved_;
    rounded.stages = 0;
    for (const Stages one : stages_before(observation_.kind, inputs_)) rounded.stages |= one;
    Closeness scatter(unit_, saved_, 0);
    const DenseComputation right(inputs_, mistakes, store_), half(inputs_, rounded, store_);
    for (const Piece& piece : pieces(mistakes.axis, on_sample)) {
        tick_();
        Faced faced = face(right, observation_, piece);
        faced.seen = face(half, observation_, piece).expected;
        for (double& value : faced.seen) value = round_to(saved_, value);
        scatter.add(faced);
    }
    constexpr double kAllowance = 3;
    return exact.is_unbiased() && exact.residual() <= kAllowance * scatter.residual() &&
           exact.square() <= kAllowance * kAllowance * scatter.square() &&
           exact.steps() <= kAllowance * std::max(1.0, scatter.steps());
}

Rounding Trial::size_of_error() {
    const Closeness seen = closeness({}, 0, true);
    if (observation_.kind == Observed::weights && seen.on_zeros() > 0) return Rounding::none;
    const double error = seen.square();
    if (!(error > 0)) return Rounding::none;
    for (const Rounding type : {Rounding::float16, Rounding::bfloat16}) {
        Mistakes rounded;
        rounded.arithmetic = type;
        rounded.stages = 0;
        for (const Stages one : stages_before(observation_.kind, inputs_)) rounded.stages |= one;
        const DenseComputation right(inputs_, {}, store_), half(inputs_, rounded, store_);
        Closeness scatter(unit_, Rounding::none, 0);
        for (const Piece& piece : pieces(SoftmaxAxis::keys, true)) {
            Faced faced = face(right, observation_, piece);
            faced.seen = face(half, observation_, piece).expected;
            scatter.add(faced);
        }
        const double times = type == Rounding::float16 ? 2 : 4;
        if (error <= times * times * scatter.square()) return type;
    }
    return Rounding::none;
}

}  // namespace attn::analysis
