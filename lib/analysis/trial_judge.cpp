// Whether what is left between the expected and the observed is rounding.
#include <algorithm>
#include <cmath>

#include "analysis/drift.hpp"
#include "analysis/trial.hpp"

namespace attn::analysis {

// Those that drift() looks at, where nobody sees whether they are right.
std::vector<Trial::Number> Trial::numbers(const Mistakes& mistakes) const {
    const AttentionOptions<double>& options = *inputs_.options;
    const MaskOptions<double>& mask = options.mask;
    std::vector<Number> numbers{scale_number()};
    numbers[0].usual = mistakes.scale.value_or(numbers[0].usual);
    // A factor of given queries and keys is one of the scores.
    if (inputs_.weights != nullptr || observation_.kind == Observed::output)
        numbers.push_back(
            {[](Mistakes& m, double x) { m.input_factor = x; }, mistakes.input_factor});
    if (inputs_.input_norm != nullptr && !mistakes.missing_input_norm)
        numbers.push_back({[](Mistakes& m, double x) { m.input_epsilon = x; },
                           mistakes.input_epsilon.value_or(inputs_.input_norm->epsilon)});
    if (options.softcap && !mistakes.missing_softcap)
        numbers.push_back({[](Mistakes& m, double x) { m.softcap = x; },
                           mistakes.softcap.value_or(*options.softcap)});
    if (!mask.bias.empty() || !mask.alibi.empty() || !mask.relative.empty())
        numbers.push_back({[](Mistakes& m, double x) { m.bias_factor = x; }, mistakes.bias_factor});
    return numbers;
}

// Whether a number would explain, if it were a little different, a part of what is left.
bool Trial::drifts(const Mistakes& mistakes) {
    constexpr double kStep = 1e-4;
    const std::vector<Number> numbers = this->numbers(mistakes);
    Mistakes plain = mistakes;
    plain.arithmetic = Rounding::none;
    std::vector<DenseComputation> changed;
    for (const Number& number : numbers) {
        Mistakes other = plain;
        number.set(other, number.usual * (1 + kStep));
        changed.emplace_back(inputs_, other, store_);
    }
    const DenseComputation repeated(inputs_, mistakes, store_), exact(inputs_, plain, store_);
    std::vector<Drift> drifts(numbers.size(), Drift(unit_));
    for (const Piece& piece : pieces(whole_axis(mistakes), true)) {
        tick_();
        const Faced here = face(exact, observation_, piece);
        std::vector<double> left = here.seen;
        const bool rounds = mistakes.arithmetic != Rounding::none;
        const Faced rounded = rounds ? face(repeated, observation_, piece) : Faced();
        const std::vector<double>& expected = rounds ? rounded.expected : here.expected;
        for (std::size_t i = 0; i < left.size(); ++i) left[i] -= expected[i];
        for (std::size_t n = 0; n < numbers.size(); ++n) {
            const Faced there = face(changed[n], observation_, piece);
            for (std::size_t i = 0; i < left.size(); i += here.width) {
                drifts[n].add_row(here.expected.data() + i, there.expected.data() + i,
                                  left.data() + i, here.width, kStep);
            }
        }
    }
    return std::any_of(drifts.begin(), drifts.end(),
                       [](const Drift& drift) { return drift.is_real(); });
}

bool Trial::is_much_better(const Closeness& exact, double times, bool on_sample) {
    std::optional<double>& right = on_sample ? right_on_sample_ : right_on_everything_;
    if (!right) {
        const Closeness found = closeness({}, 0, on_sample);
        // What only one side masks has no distance.
        right = found.residual() < kNoMatch ? found.square() : kNoMatch * kNoMatch;
    }
    return times * exact.square() <= *right;
}

void Trial::judge(const Mistakes& mistakes, Dropout dropout, bool on_sample, const Closeness& exact,
                  Explanation& explanation) {
    explanation.residual = exact.residual();
    // What is masked is zero in any precision: a mask that only adds a large number may leak.
    if (is_weights() && exact.on_zeros() > 0) return;
    if (!exact.explains_variation()) return;
    if (has(explanation, Fit::rounding)) {
        explanation.fitting = exact.residual() > kExact && exact.residual() <= kMostRounding &&
                              is_rounding(mistakes, dropout, on_sample, explanation);
        return;
    }
    explanation.fitting = explains(mistakes, dropout, on_sample, exact, explanation);
}

bool Trial::explains(const Mistakes& mistakes, Dropout dropout, bool on_sample,
                     const Closeness& exact, Explanation& explanation) {
    const bool leaks = has(explanation, Fit::mask_value);
    if (leaks && is_weights() && exact.has_vanished()) return false;
    constexpr double kTiny = 5e-7;  // what a few operations in float32 do, in units
    // Sinks and dropout are not estimated so well that nothing is left of them.
    const bool blurs = has(explanation, Fit::sink) || drops(explanation);
    if (saved_ == Rounding::none) {
        return exact.residual() <= kExact && exact.is_float32() &&
               (blurs || exact.residual() <= kTiny || !drifts(mistakes));
    }
    const bool is_right = explanation.mistakes.empty();
    // Where each number is the nearest to what is right nothing can be nearer, and what few of them
    // seem to follow is chance.
    const bool all_nearest = is_right && exact.beyond() == 0;
    if (exact.is_saved() && (blurs || all_nearest || !drifts(mistakes))) return true;
    constexpr double kEstimated = 1;  // steps
    if (!explanation.detail.empty() && exact.blurred_steps() <= kEstimated &&
        (leaks || is_much_better(exact, 4, on_sample)))
        return true;
    if (exact.residual() > kMostRounding) return false;
    if (is_right) return is_rounding(mistakes, dropout, on_sample, explanation);
    if (!is_much_better(exact, 1.5, on_sample)) return false;
    // Where a mistake leaves little of the error, the rest need not be repeated.
    return (is_much_better(exact, 25, on_sample) && is_like_rounding(mistakes, on_sample, exact)) ||
           is_rounding(mistakes, dropout, on_sample, explanation);
}

HalfArithmetic Trial::find_arithmetic(const Mistakes& mistakes, Dropout dropout) {
    const std::vector<Rounding> types =
        is_half(saved_) ? std::vector<Rounding>{saved_}
                        : std::vector<Rounding>{Rounding::float16, Rounding::bfloat16};
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
        mistakes.stages =
            found.stages & (stage::hidden + stage::norms + stage::inputs + stage::matrices +
                            stage::heads + stage::values + stage::products);
        mistakes.scale = fit(mistakes, scale_number(), *mistakes.scale);
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

// What repeated rounding leaves comes of the order of sums, which moves a weight with its score, by
// a share of itself, and takes no row from its sum.
static bool is_of_sums(const Faced& faced, Rounding type) {
    constexpr double kShare = 7.5;  // two steps of bfloat16 in a score of 200
    const double row_step = step_of(type, 1), tiny = row_step / 64;
    for (std::size_t first = 0; first < faced.expected.size(); first += faced.width) {
        double apart = 0;
        for (std::size_t i = first; i < first + faced.width; ++i) {
            const double expected = faced.expected[i], seen = faced.seen[i];
            apart += seen - expected;
            const double smaller = std::min(expected, seen), larger = std::max(expected, seen);
            if (larger - smaller > tiny && larger > kShare * smaller) return false;
        }
        if (std::abs(apart) > row_step) return false;
    }
    return true;
}

// Whether someone who rounds at some stages gets what was observed.
bool Trial::is_rounding(Mistakes mistakes, Dropout dropout, bool on_sample,
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
    Closeness moved(unit_, Rounding::none, 0), left(unit_, saved_, dropout, is_weights());
    const DenseComputation exact(inputs_, mistakes, store_), repeated(inputs_, rounded, store_);
    const bool has_rows = is_weights() && whole_axis(mistakes) == SoftmaxAxis::keys;
    for (const Piece& piece : pieces(whole_axis(mistakes), on_sample)) {
        tick_();
        Faced faced = face(repeated, observation_, piece);
        if (has_rows && !drops(explanation) && !is_of_sums(faced, found.type)) return false;
        left.add(faced);
        faced.seen = face(exact, observation_, piece).expected;
        moved.add(faced);
    }
    if (left.square() > 0.3 * closeness(mistakes, dropout, on_sample).square()) return false;
    constexpr double kAllowance = 1.5;
    if (left.residual() > std::max(kExact, kAllowance * moved.residual())) return false;
    // Who repeats it gets nearly all numbers as they are.
    constexpr double kSums = 0.25;  // that came out the other way, by the order of a sum
    if (!blurred && left.beyond() > kSums) return false;
    if (!blurred && !drops(explanation) && drifts(rounded)) return false;
    explanation.residual = left.residual();
    explanation.add_detail(text_of(found));
    return true;
}

// Numbers that were saved in half precision were probably computed in it, too. Where the stages
// of that arithmetic cannot be told, the errors must be as large as such arithmetic makes them, at
// every magnitude, and follow nothing.
bool Trial::is_like_rounding(const Mistakes& mistakes, bool on_sample, const Closeness& exact) {
    Mistakes rounded = mistakes;
    rounded.arithmetic = saved_;
    rounded.stages = 0;
    for (const Stages one : stages_before(observation_.kind, inputs_)) rounded.stages |= one;
    Closeness scatter(unit_, saved_, 0, is_weights());
    const DenseComputation right(inputs_, mistakes, store_), half(inputs_, rounded, store_);
    for (const Piece& piece : pieces(whole_axis(mistakes), on_sample)) {
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
        // What is much smaller is no matter of half precision.
        constexpr double kMuchSmaller = 32;
        if (kMuchSmaller * kMuchSmaller * error < scatter.square()) return Rounding::none;
        const double times = type == Rounding::float16 ? 2 : 4;
        if (error <= times * times * scatter.square()) return type;
    }
    return Rounding::none;
}

}  // namespace attn::analysis
