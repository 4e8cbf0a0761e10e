#include "analysis/diagnosis.hpp"

#include <algorithm>
#include <chrono>

#include "analysis/hypothesis_pairs.hpp"

namespace attn::analysis {
namespace {

using Mistaken = std::vector<const Hypothesis*>;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kNearest = 5;

struct OutOfTime {};

bool estimates(const Hypothesis& hypothesis) {
    return brings_number(hypothesis.fit);
}

// How many of the mistakes bring a number that was estimated.
std::ptrdiff_t estimates_of(const Mistaken& mistakes) {
    return std::count_if(mistakes.begin(), mistakes.end(),
                         [](const Hypothesis* hypothesis) { return estimates(*hypothesis); });
}

std::ptrdiff_t estimates_of(const Explanation& explanation) {
    return estimates_of(explanation.mistakes);
}

// What has a name before what brings an estimated number: the time may be up between them.
void put_named_first(std::vector<Mistaken>& list) {
    std::stable_sort(list.begin(), list.end(), [](const Mistaken& a, const Mistaken& b) {
        return estimates_of(a) < estimates_of(b);
    });
}

void sort(std::vector<Explanation>& explanations) {
    std::stable_sort(
        explanations.begin(), explanations.end(),
        [](const Explanation& a, const Explanation& b) { return a.residual < b.residual; });
}

// The error of values that were rounded when they were saved, when nothing before it was.
double tolerance_of(Rounding saved) {
    constexpr double kFloat16 = 2e-3, kBfloat16 = 1.6e-2;
    if (is_decimal(saved)) return 2 * step_of(saved, 1);
    return saved == Rounding::none ? kExact : saved == Rounding::float16 ? kFloat16 : kBfloat16;
}

// Whether no number of a row is larger than the one before it, in up to 64 rows.
bool rows_fall(const Observation& observation) {
    const ObservedValues& values = observation.values;
    const std::size_t width = values.shape().back(), rows = values.size() / width;
    constexpr std::size_t kRows = 64;
    for (std::size_t row = 0; row < rows; row += 1 + rows / kRows) {
        for (std::size_t i = row * width + 1; i < (row + 1) * width; ++i) {
            if (values[i] > values[i - 1]) return false;
        }
    }
    return true;
}

class Search {
  public:
    Search(const DenseInputs& inputs, const Observation& observation,
           const DiagnosisOptions& options)
        : inputs_(inputs),
          observation_(observation),
          options_(options),
          start_(Clock::now()),
          saved_(precision_of(observation)),
          trial_(inputs, observation, saved_, [this] { check_time(); }) {
        diagnosis_.precision = name_of(saved_);
        diagnosis_.tolerance = tolerance_of(saved_);
        diagnosis_.non_finite = find_non_finite(observation);
        diagnosis_.constant = is_constant(observation);
        DenseInputs looked_at = inputs;
        looked_at.wants_output = observation.kind == Observed::output;
        for (const Hypothesis& hypothesis : hypotheses()) {
            if (hypothesis.possible(looked_at) && can_fit(hypothesis))
                possible_.push_back(&hypothesis);
        }
    }

    Diagnosis run() {
        const Explanation right = try_right();
        if (diagnosis_.correct) return diagnosis_;
        try {
            search(right);
        } catch (const OutOfTime&) {
            give_up(right);
        }
        if (!diagnosis_.correct) find_size(right);
        return diagnosis_;
    }

  private:
    // Which numbers the observation can tell, and what it may show at all.
    bool can_fit(const Hypothesis& hypothesis) const {
        const bool of_saved = hypothesis.part == Part::saved || hypothesis.part == Part::averaging;
        if (of_saved && observation_.kind == Observed::output) return false;
        // What a part of the matrices does not tell.
        const bool rows = !observation_.queries.empty(), heads = !observation_.heads.empty();
        Mistakes mistakes;
        hypothesis.commit(inputs_, mistakes);
        if (rows && (mistakes.transposed || mistakes.axis == SoftmaxAxis::queries)) return false;
        if (heads && (whole_axis(mistakes) == SoftmaxAxis::heads ||
                      hypothesis.fit == Fit::head_order || hypothesis.fit == Fit::kv_order))
            return false;
        if (mistakes.log_softmax && observation_.kind != Observed::scores) return false;
        if (mistakes.sorted_keys && !rows_fall(observation_)) return false;
        if (hypothesis.part == Part::rows) return diagnosis_.non_finite.nan > 0;
        switch (hypothesis.fit) {
            case Fit::sink:
            case Fit::dropout:
            case Fit::dropout_in_rows:
                return observation_.kind == Observed::weights;
            case Fit::rounding:
                return saved_ == Rounding::none;  // else it is allowed for anyway
            default:
                return true;
        }
    }

    void check_time() const {
        if (!limited_ || options_.seconds <= 0) return;
        if (std::chrono::duration<double>(Clock::now() - start_).count() > options_.seconds)
            throw OutOfTime{};
    }

    // In full, whatever time it takes.
    Explanation try_right() {
        const double tolerance = kExact * trial_.unit();
        const double of_zeros = observation_.kind == Observed::weights ? 0 : tolerance;
        DifferenceCount count(observation_, tolerance, of_zeros, saved_);
        const std::vector<Piece> pieces =
            whole(trial_.extents(), observation_.kind, SoftmaxAxis::keys);
        std::size_t done = 0;
        Agreement agreement(trial_.extents(), observation_.kind, trial_.unit(), saved_);
        Explanation right = trial_.try_right(
            {[&](const Piece& piece, const Faced& faced) { count.add(piece, faced); },
             [&](const Piece& piece, const Faced& faced) { agreement.add(piece, faced); }},
            [&] {
                if (options_.progress) options_.progress(++done, 4 * pieces.size());
            });
        diagnosis_.differences = count.differences();
        const Shape& place = diagnosis_.differences.place;
        trial_.look_at(observation_.kind == Observed::output
                           ? Place{place[0], 0, place[1], 0}
                           : Place{place[0], place[1], place[2], place[3]});
        if (right.fits() && right.residual <= kExact) {
            accept(right);
            return right;
        }
        diagnosis_.error = right.residual;
        diagnosis_.differing = agreement.differing();
        if (!observation_.heads.empty()) diagnosis_.differing.all_heads = observation_.heads.size();
        if (is_part()) trial_.restrict_to(diagnosis_.differing);
        return right;
    }

    bool is_part() const { return diagnosis_.differing.is_part(); }

    // One that fits what differs, on everything: it may change nothing of the rest.
    Explanation spread(const Explanation& found, const Mistaken& mistakes) {
        trial_.lift();
        Explanation everywhere = trial_.on_everything(mistakes);
        trial_.restrict_to(diagnosis_.differing);
        if (everywhere.fits()) return everywhere;
        Explanation in_part = found;
        in_part.in_part = true;
        in_part.add_detail(text_of(diagnosis_.differing) + " only");
        return in_part;
    }

    void accept(const Explanation& right) {
        diagnosis_.correct = true;
        diagnosis_.explanations = {right};
    }

    // Nothing that could be computed is infinite, or one number only.
    bool is_hopeless() const { return diagnosis_.constant || diagnosis_.non_finite.infinite > 0; }

    void search(const Explanation& right) {
        if (is_hopeless()) return;
        limited_ = true;
        plan();
        std::vector<Explanation> singles = try_all(singles_, right);
        // Rounding blurs small effects: what explains much better than "correct" wins.
        constexpr double kMuchBetter = 4;
        const auto better = [&](const Explanation& e) {
            return e.fits() && kMuchBetter * e.residual + kExact < right.residual;
        };
        if (right.fits() && std::none_of(singles.begin(), singles.end(), better)) {
            accept(right);
            return;
        }
        if (keep_fitting(singles) || is_other_layer()) return;
        // Tried before the many pairs, for the time may be up; pairs that fit are the better ones.
        const std::vector<Explanation> rounded = try_all(rounded_singles_, right);
        if (keep_fitting(try_all(pairs_, right)) || keep_fitting(try_all(deep_singles_, right)) ||
            keep_fitting(rounded) || keep_fitting(try_all(rounded_pairs_, right)) ||
            keep_fitting(try_all(triples_, right)))
            return;
        keep_nearest(right);
    }

    bool is_other_layer() {
        if (!options_.find_layer) return false;
        const auto found = options_.find_layer();
        if (!found) return false;
        diagnosis_.explanations = {
            {{&another_layer()}, found->residual, true, "layer " + std::to_string(found->layer)}};
        return true;
    }

    void plan() {
        std::vector<Mistaken> pairs;
        for (const Hypothesis* a : possible_) {
            (a->fit == Fit::rounding             ? rounded_singles_
             : a->fit == Fit::epsilon_everywhere ? deep_singles_
                                                 : singles_)
                .push_back({a});
            for (const Hypothesis* b : possible_) {
                if (a < b && may_be_together(*a, *b))
                    (b->fit == Fit::rounding ? rounded_pairs_ : pairs_).push_back({a, b});
            }
        }
        plan_triples();
        for (auto* list : {&singles_, &pairs_, &rounded_singles_, &rounded_pairs_})
            put_named_first(*list);
        work_ = singles_.size() + pairs_.size() + deep_singles_.size() + rounded_singles_.size() +
                rounded_pairs_.size() + triples_.size();
    }

    void plan_triples() {
        for (const Mistaken& pair : pairs_) {
            if (!is_common(*pair[0]) || !is_common(*pair[1])) continue;
            for (const Hypothesis* c : possible_) {
                if (pair[1] < c && is_common(*c) && may_be_together(*pair[0], *c) &&
                    may_be_together(*pair[1], *c))
                    triples_.push_back({pair[0], pair[1], c});
            }
        }
    }

    // Whether what a sample shows may still fit: numbers that are estimated on a sample are not
    // sharp.
    bool may_fit(const Explanation& on_sample) const {
        if (on_sample.fits()) return true;
        return saved_ == Rounding::none && estimates_of(on_sample) > 0 &&
               !has(on_sample, Fit::rounding) && on_sample.residual <= 100 * kExact;
    }

    // What is tried, until time is up; those that fit on everything.
    std::vector<Explanation> try_all(const std::vector<Mistaken>& list, const Explanation& right) {
        std::vector<Explanation> fitting;
        for (const Mistaken& mistakes : list) {
            const bool rounds =
                std::any_of(mistakes.begin(), mistakes.end(),
                            [](const Hypothesis* h) { return h->fit == Fit::rounding; });
            if ((rounds && !may_be_rounded(mistakes, right)) || is_beaten(mistakes, fitting)) {
                ++tried_;
                continue;
            }
            Explanation explanation = trial_.on_sample(mistakes);
            if (may_fit(explanation) && !is_little(trial_.extents_looked_at())) {
                unconfirmed_ = mistakes;
                explanation = trial_.on_everything(mistakes);
                unconfirmed_.clear();
            }
            if (explanation.fits() && is_part()) {
                unconfirmed_ = mistakes;
                explanation = spread(explanation, mistakes);
                unconfirmed_.clear();
            }
            if (explanation.fits()) fitting.push_back(explanation);
            seen_.push_back(explanation);
            ++tried_;
            if (options_.progress) options_.progress(work_ / 3 + tried_, work_ + work_ / 3);
        }
        sort(fitting);
        return fitting;
    }

    // An estimated number says nothing where a mistake with a name gives the same, exactly.
    bool is_beaten(const Mistaken& mistakes, const std::vector<Explanation>& fitting) const {
        if (saved_ != Rounding::none) return false;
        const auto beats = [&](const Explanation& e) {
            return e.residual <= kExact && estimates_of(e) < estimates_of(mistakes);
        };
        return std::any_of(fitting.begin(), fitting.end(), beats);
    }

    // Rounding explains what is left of a small distance; that of the mistake beside it is known.
    bool may_be_rounded(const Mistaken& mistakes, const Explanation& right) const {
        Mistaken rest;
        for (const Hypothesis* hypothesis : mistakes) {
            if (hypothesis->fit != Fit::rounding) rest.push_back(hypothesis);
        }
        if (rest.empty()) return right.residual <= kMostRounding;
        const auto same = [&](const Explanation& e) { return e.mistakes == rest; };
        const auto found = std::find_if(seen_.begin(), seen_.end(), same);
        return found == seen_.end() || found->residual <= kMostRounding;
    }

    // Keeps those of a sorted list that do not explain the observation much worse than the best.
    bool keep_fitting(const std::vector<Explanation>& list) {
        constexpr double kAsGood = 4;
        // Half precision may round a number one way or the other.
        const double blur = saved_ == Rounding::none ? kExact : diagnosis_.tolerance / 3;
        auto& kept = diagnosis_.explanations;
        for (const Explanation& explanation : list) {
            if (kept.empty() || explanation.residual <= kAsGood * kept.front().residual + blur)
                kept.push_back(explanation);
        }
        if (kept.empty()) return false;
        // One mistake everywhere is simpler than one in a part.
        const auto in_part = [](const Explanation& e) { return e.in_part; };
        if (!std::all_of(kept.begin(), kept.end(), in_part))
            kept.erase(std::remove_if(kept.begin(), kept.end(), in_part), kept.end());
        // A number that was estimated says nothing where a mistake with a name gives the same.
        const auto fewer = [](const Explanation& a, const Explanation& b) {
            return estimates_of(a) < estimates_of(b);
        };
        const auto least = estimates_of(*std::min_element(kept.begin(), kept.end(), fewer));
        const auto more = [least](const Explanation& e) { return estimates_of(e) > least; };
        kept.erase(std::remove_if(kept.begin(), kept.end(), more), kept.end());
        // A factor of the input often does what another scale does, and is the rarer mistake.
        std::stable_partition(kept.begin(), kept.end(),
                              [](const Explanation& e) { return !has(e, Fit::input_factor); });
        return true;
    }

    void keep_nearest(const Explanation& right) {
        std::vector<Explanation> near = seen_;
        near.push_back(right);
        near.erase(std::remove_if(near.begin(), near.end(),
                                  [](const Explanation& e) {
                                      return e.residual > kNear || has(e, Fit::rounding);
                                  }),
                   near.end());
        sort(near);
        near.resize(std::min(near.size(), kNearest));
        diagnosis_.explanations = std::move(near);
        diagnosis_.sampled = !is_little(trial_.extents_looked_at());
    }

    // What was found before the time was up is kept; the rest is named.
    void give_up(const Explanation& right) {
        limited_ = false;
        if (!unconfirmed_.empty()) diagnosis_.untried.unconfirmed.push_back(unconfirmed_);
        std::vector<Mistaken> all;
        for (const auto* list :
             {&singles_, &rounded_singles_, &pairs_, &deep_singles_, &rounded_pairs_, &triples_})
            all.insert(all.end(), list->begin(), list->end());
        const std::size_t skipped = unconfirmed_.empty() ? 0 : 1;
        for (std::size_t i = std::min(all.size(), tried_ + skipped); i < all.size(); ++i)
            diagnosis_.untried.mistakes.push_back(all[i]);
        std::vector<Explanation> fitting;
        for (const Explanation& explanation : seen_) {
            if (explanation.fits()) fitting.push_back(explanation);
        }
        sort(fitting);
        if (keep_fitting(fitting)) return;
        if (right.fits()) {
            accept(right);
        } else {
            keep_nearest(right);
        }
    }

    // An error that is as small as that of half precision, and is none.
    void find_size(const Explanation& right) {
        limited_ = false;
        trial_.lift();
        const std::vector<Explanation>& found = diagnosis_.explanations;
        const auto named = [](const Explanation& e) {
            return std::any_of(e.mistakes.begin(), e.mistakes.end(),
                               [](const Hypothesis* h) { return !estimates(*h); });
        };
        const Differences& differences = diagnosis_.differences;
        const bool few = differences.differing < 2 + differences.cells / 100;
        if (right.residual > kMostRounding || diagnosis_.constant || few) return;
        if (diagnosis_.explained() && std::any_of(found.begin(), found.end(), named)) return;
        diagnosis_.size_of_rounding = name_of(trial_.size_of_error());
    }

    const DenseInputs& inputs_;
    const Observation& observation_;
    const DiagnosisOptions& options_;
    Clock::time_point start_;
    Rounding saved_;  // of what was observed
    Trial trial_;
    bool limited_ = false;
    std::vector<const Hypothesis*> possible_;
    std::vector<Mistaken> singles_, pairs_, deep_singles_, rounded_singles_, rounded_pairs_,
        triples_;
    std::size_t work_ = 0, tried_ = 0;
    Mistaken unconfirmed_;
    std::vector<Explanation> seen_;  // all that was tried
    Diagnosis diagnosis_;
};

}  // namespace

double explained_share(const Diagnosis& diagnosis, const Explanation& explanation) {
    // Where only one side masks a cell, or only one is NaN, there is no distance: one unit then.
    const double error = diagnosis.error < kNoMatch ? diagnosis.error : 1;
    return error > 0 ? 1 - std::min(1.0, explanation.residual / error) : 0;
}

std::optional<double> fits_right(const DenseInputs& inputs, const Observation& observation) {
    Trial trial(inputs, observation, precision_of(observation), [] {});
    if (!trial.on_sample({}).fits()) return std::nullopt;
    const Explanation right = trial.on_everything({});
    if (!right.fits()) return std::nullopt;
    return right.residual;
}

Diagnosis diagnose(const DenseInputs& inputs, const Observation& observation,
                   const DiagnosisOptions& options) {
    return Search(inputs, observation, options).run();
}

}  // namespace attn::analysis
