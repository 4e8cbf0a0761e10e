#include "analysis/diagnosis.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "analysis/estimates.hpp"
#include "analysis/row_sum_cause.hpp"

namespace attn::analysis {
namespace {

constexpr std::size_t kNearest = 5;
constexpr double kExact = 1e-5;  // float32 arithmetic
// Of values that were rounded to half precision, when nothing before it was.
constexpr double kFloat16 = 2e-3;
constexpr double kBfloat16 = 1.6e-2;
// What half-precision arithmetic may do at most; more is a mistake.
constexpr double kMostRounding = 0.1;
// It moves nearly every number; the typical one by no less than this part of what ours does.
constexpr double kLeastRounding = 0.125;

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4g", value);
    return text;
}

std::string list(const std::vector<double>& values) {
    std::string text;
    constexpr std::size_t kFew = 4;
    for (std::size_t i = 0; i < std::min(kFew, values.size()); ++i)
        text += (i > 0 ? ", " : "") + number(values[i]);
    return text + (values.size() > kFew ? ", …" : "");
}

bool has(const Explanation& explanation, Fit fit) {
    return std::any_of(explanation.mistakes.begin(), explanation.mistakes.end(),
                       [fit](const Hypothesis* hypothesis) { return hypothesis->fit == fit; });
}

// How many of the mistakes bring a number that was estimated.
std::ptrdiff_t estimates_of(const Explanation& explanation) {
    return std::count_if(explanation.mistakes.begin(), explanation.mistakes.end(),
                         [](const Hypothesis* hypothesis) {
                             return hypothesis->fit == Fit::scale || hypothesis->fit == Fit::sink ||
                                    hypothesis->fit == Fit::dropout;
                         });
}

void sort(std::vector<Explanation>& explanations) {
    std::stable_sort(
        explanations.begin(), explanations.end(),
        [](const Explanation& a, const Explanation& b) { return a.residual < b.residual; });
}

class Search {
  public:
    Search(const DenseInputs& inputs, const Observation& observation, const Progress& progress)
        : inputs_(inputs),
          seen_(observation.values),
          observation_{observation.kind, without_nan_rows(observation.values)},
          progress_(progress),
          unit_(unit_of(observation)) {
        inputs_.wants_output = observation.kind == Observed::output;
        choose_tolerance();
        for (const Hypothesis& hypothesis : hypotheses()) {
            if (hypothesis.possible(inputs) && can_fit(hypothesis.fit))
                possible_.push_back(&hypothesis);
        }
    }

    Diagnosis run() {
        const Explanation right = try_out({});
        find_misfit();
        std::vector<Explanation> tried;
        for (const Hypothesis* hypothesis : possible_) {
            tried.push_back(try_out({hypothesis}));
            if (progress_) progress_(tried.size(), possible_.size());
        }
        sort(tried);
        // Rounding blurs small effects: what explains much better than "correct" wins.
        constexpr double kMuchBetter = 4;
        const double best = tried.empty() ? kNoMatch : tried.front().residual;
        const bool exact = right.residual <= kExact;
        diagnosis_.correct =
            right.fits() && (exact || right.residual <= kMuchBetter * best + kExact);
        if (diagnosis_.correct) {
            diagnosis_.explanations = {right};
            return diagnosis_;
        }
        if (keep_fitting(tried, false)) return diagnosis_;
        std::vector<Explanation> pairs = try_pairs();
        if (keep_fitting(pairs, false) || keep_fitting(tried, true) || keep_fitting(pairs, true))
            return diagnosis_;
        tried.insert(tried.end(), pairs.begin(), pairs.end());
        tried.push_back(right);
        sort(tried);
        tried.resize(std::min(tried.size(), kNearest));
        diagnosis_.explanations = std::move(tried);
        return diagnosis_;
    }

  private:
    // Which numbers the observation can tell.
    bool can_fit(Fit fit) const {
        switch (fit) {
            case Fit::nothing:
                return true;
            case Fit::scale:
                return observation_.kind != Observed::output;
            case Fit::sink:
            case Fit::dropout:
                return observation_.kind == Observed::weights;
            case Fit::rounding:
                break;
        }
        // Scores are where it is seen as it is; values that were rounded have a tolerance anyway.
        return observation_.kind != Observed::scores && rounding_ == Rounding::none;
    }

    void choose_tolerance() {
        std::vector<float> values;
        for (const double value : observation_.values.values())
            values.push_back(static_cast<float>(value));
        diagnosis_.precision = half_precision_of<float>({values.data(), values.size()});
        diagnosis_.tolerance = kExact;
        if (diagnosis_.precision.empty()) return;
        rounding_ = diagnosis_.precision == "float16" ? Rounding::float16 : Rounding::bfloat16;
        diagnosis_.tolerance = tolerance_of_saved({});
    }

    // Of what was saved in half precision: the arithmetic before was probably no better.
    double tolerance_of_saved(const Mistakes& mistakes) const {
        return std::max(rounding_ == Rounding::float16 ? kFloat16 : kBfloat16,
                        std::min(kMostRounding, 2 * scatter_of(mistakes, rounding_).largest));
    }

    const Array<double>& seen_part(const DenseAttention& attention) const {
        switch (observation_.kind) {
            case Observed::weights:
                return attention.weights;
            case Observed::scores:
                return attention.scores;
            case Observed::output:
                break;
        }
        return attention.output;
    }

    struct Scatter {
        double largest, typical;
    };

    // How far half-precision arithmetic moves what these mistakes give.
    Scatter scatter_of(Mistakes mistakes, Rounding arithmetic) const {
        const DenseAttention exact = compute_dense(inputs_, mistakes);
        mistakes.arithmetic = arithmetic;
        const DenseAttention rounded = compute_dense(inputs_, mistakes);
        return {residual(seen_part(exact), seen_part(rounded), unit_),
                typical_residual(seen_part(exact), seen_part(rounded), unit_)};
    }

    // The numbers that are not known beforehand, one after the other.
    void estimate(const Explanation& explanation, Mistakes& mistakes, std::string& detail) const {
        if (has(explanation, Fit::scale)) {
            Mistakes masked = mistakes;
            masked.transposed = masked.zeros_for_masked = masked.ones_for_allowed = false;
            mistakes.scale = estimate_scale(compute_dense(inputs_, masked), observation_, mistakes);
            detail = "scale " + number(*mistakes.scale);
        }
        if (has(explanation, Fit::sink)) {
            Mistakes before = mistakes;
            before.softmax_twice = before.transposed = false;
            mistakes.sinks = estimate_sinks(compute_dense(inputs_, before), observation_, mistakes,
                                            has(explanation, Fit::dropout));
            detail += (detail.empty() ? "sink " : ", sink ") + list(mistakes.sinks);
        }
    }

    Explanation try_out(std::vector<const Hypothesis*> hypotheses) const {
        Explanation explanation{std::move(hypotheses), 0, diagnosis_.tolerance, ""};
        Mistakes mistakes;
        for (const Hypothesis* hypothesis : explanation.mistakes)
            hypothesis->commit(inputs_, mistakes);
        estimate(explanation, mistakes, explanation.detail);
        const auto add_detail = [&](const std::string& text) {
            explanation.detail += (explanation.detail.empty() ? "" : ", ") + text;
        };
        mistakes.rounding = rounding_;
        const DenseAttention attention = compute_dense(inputs_, mistakes);
        if (has(explanation, Fit::dropout)) {
            const Dropout fit = fit_dropout(attention.weights, observation_);
            explanation.residual = fit.residual;
            add_detail("p = " + number(fit.probability));
        } else {
            explanation.residual = residual(seen_part(attention), observation_.values, unit_);
        }
        const bool may_be_rounding = explanation.residual <= kMostRounding;
        if (has(explanation, Fit::rounding)) explanation.tolerance = 0;
        if (has(explanation, Fit::rounding) && may_be_rounding) {
            const double typical =
                typical_residual(seen_part(attention), observation_.values, unit_);
            for (const Rounding kind : {Rounding::float16, Rounding::bfloat16}) {
                if (explanation.fits()) break;
                explanation.tolerance = tolerance_of_rounding(scatter_of(mistakes, kind), typical);
                if (explanation.fits()) add_detail(name_of(kind));
            }
        }
        // Where weights are large, rounded scores move them farther than in the right computation.
        if (rounding_ != Rounding::none && !explanation.fits() && may_be_rounding)
            explanation.tolerance = tolerance_of_saved(mistakes);
        // What is masked is zero in any precision.
        if (observation_.kind == Observed::weights && explanation.tolerance > kExact &&
            largest_on_zeros(attention.weights, observation_.values) > kExact)
            explanation.tolerance = kExact;
        return explanation;
    }

    // 0 where what was seen is no rounding: a few numbers that are off are a mistake.
    static double tolerance_of_rounding(const Scatter& ours, double typical) {
        constexpr double kAllowance = 4;
        if (typical < kLeastRounding * ours.typical) return 0;
        return std::min(kMostRounding, kAllowance * ours.largest);
    }

    void find_misfit() {
        const double tolerance = diagnosis_.tolerance * unit_;
        diagnosis_.misfit =
            analysis::find_misfit(seen_part(compute_dense(inputs_, {})), seen_, tolerance,
                                  observation_.kind == Observed::weights ? kExact : tolerance);
    }

    // Keeps those of a sorted list that explain the observation, and not much worse than the best;
    // with or without rounding.
    bool keep_fitting(const std::vector<Explanation>& list, bool rounding) {
        constexpr double kAsGood = 4;
        // Half precision may round a number one way or the other.
        const double blur = rounding_ == Rounding::none ? kExact : diagnosis_.tolerance / 3;
        auto& kept = diagnosis_.explanations;
        for (const Explanation& explanation : list) {
            if (!explanation.fits() || has(explanation, Fit::rounding) != rounding) continue;
            if (kept.empty() || explanation.residual <= kAsGood * kept.front().residual + blur)
                kept.push_back(explanation);
        }
        if (kept.empty()) return false;
        // A number that was estimated says nothing where a mistake with a name gives the same.
        const auto fewer = [](const Explanation& a, const Explanation& b) {
            return estimates_of(a) < estimates_of(b);
        };
        const auto least = estimates_of(*std::min_element(kept.begin(), kept.end(), fewer));
        const auto more = [least](const Explanation& e) { return estimates_of(e) > least; };
        kept.erase(std::remove_if(kept.begin(), kept.end(), more), kept.end());
        return true;
    }

    std::vector<Explanation> try_pairs() const {
        std::vector<std::pair<const Hypothesis*, const Hypothesis*>> pairs;
        for (std::size_t a = 0; a < possible_.size(); ++a) {
            for (std::size_t b = a + 1; b < possible_.size(); ++b) {
                if (possible_[a]->part != possible_[b]->part)
                    pairs.emplace_back(possible_[a], possible_[b]);
            }
        }
        std::vector<Explanation> tried;
        for (const auto& [a, b] : pairs) {
            tried.push_back(try_out({a, b}));
            if (progress_) progress_(tried.size(), pairs.size());
        }
        sort(tried);
        return tried;
    }

    DenseInputs inputs_;
    const Array<double>& seen_;  // as it came
    Observation observation_;    // without rows of NaN
    const Progress& progress_;
    double unit_;
    Rounding rounding_ = Rounding::none;  // of what was observed
    std::vector<const Hypothesis*> possible_;
    Diagnosis diagnosis_;
};

}  // namespace

Diagnosis diagnose(const DenseInputs& inputs, const Observation& observation,
                   const Progress& progress) {
    return Search(inputs, observation, progress).run();
}

}  // namespace attn::analysis
