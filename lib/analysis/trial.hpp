// Commits mistakes on purpose, estimates the numbers that they bring, and says whether what comes
// out is what was observed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/agreement.hpp"
#include "analysis/closeness.hpp"
#include "analysis/half_arithmetic.hpp"
#include "analysis/head_matching.hpp"
#include "analysis/hypotheses.hpp"
#include "analysis/value_matching.hpp"

namespace attn::analysis {

struct Explanation {
    std::vector<const Hypothesis*> mistakes;  // none: the computation is right
    double residual = 0;   // largest distance from the observation; of scores and outputs relative
                           // to their largest value
    bool fitting = false;  // whether it explains the observation
    std::string detail;    // what was estimated: "scale 0.25"
    bool in_part = false;  // in the sequences and heads that differ; the others are right
    Mistakes made{};       // what was computed, with the numbers that were estimated

    bool fits() const { return fitting; }
    void add_detail(const std::string& text);
};

bool has(const Explanation& explanation, Fit fit);

// Dropout is one of its mistakes, of all rows or of some.
bool drops(const Explanation& explanation);

// Half-precision arithmetic moves numbers no farther, in units; more is a mistake.
constexpr double kMostRounding = 0.1;

// What is farther away, in units, is not near; how far it is then need not be known.
constexpr double kNear = 0.3;

class Trial {
  public:
    // Keeps what it is given. `saved`: the type of what was observed. `tick` is called before each
    // piece and may throw to stop.
    Trial(const DenseInputs& inputs, const Observation& observation, Rounding saved,
          std::function<void()> tick);

    const Extents& extents() const { return extents_; }
    double unit() const { return unit_; }

    // From now on samples hold this place, too.
    void look_at(const Place& place) {
        place_ = place;
        right_on_sample_.reset();
    }

    // From now on only these sequences and heads are looked at; all that was observed after lift().
    void restrict_to(const Differing& only) {
        only_ = only;
        if (only_.heads.empty()) only_.heads = observation_.heads;
        right_on_sample_.reset();
        right_on_everything_.reset();
    }
    void lift() { restrict_to({}); }

    // What is looked at.
    Extents extents_looked_at() const;

    // On a sample, or on everything.
    Explanation on_sample(const std::vector<const Hypothesis*>& mistakes) {
        return try_out(mistakes, true);
    }
    Explanation on_everything(const std::vector<const Hypothesis*>& mistakes) {
        return try_out(mistakes, false);
    }

    using Visit = std::function<void(const Piece&, const Faced&)>;

    // The right computation on everything. Calls each action for each piece on the way, the
    // actions of one piece at the same time, and then done().
    Explanation try_right(const std::vector<Visit>& actions, const std::function<void()>& done);

    // The smaller of the types whose rounding, everywhere, is as large as the error of the right
    // computation; none: the error is larger, or there is none.
    Rounding size_of_error();

  private:
    // One that may be wrong: how it is set, and what it is where nobody set it.
    struct Number {
        std::function<void(Mistakes&, double)> set;
        double usual;
    };

    bool is_weights() const { return observation_.kind == Observed::weights; }
    Number scale_number() const;
    Explanation try_out(const std::vector<const Hypothesis*>& list, bool on_sample);
    std::vector<Piece> pieces(SoftmaxAxis axis, bool on_sample) const;
    Piece glance_at(SoftmaxAxis axis) const;
    bool looks_at_some_queries(SoftmaxAxis axis) const;
    bool looks_at_some_heads(SoftmaxAxis axis) const;
    Extents looked_at(SoftmaxAxis axis) const;
    Place place_looked_at(SoftmaxAxis axis) const;
    void put_back(SoftmaxAxis axis, Piece& piece) const;
    void visit(const Mistakes& mistakes, bool on_sample, const Visit& action);
    Closeness closeness(const Mistakes& mistakes, Dropout dropout, bool on_sample);
    std::optional<double> far_residual(const Mistakes& mistakes, Dropout dropout);
    double fit(const Mistakes& mistakes, const Number& number, double start);
    double fit_from(const Mistakes& mistakes, const Number& number,
                    const std::vector<double>& starts);
    void estimate(Explanation& explanation, Mistakes& mistakes, bool on_sample);
    void estimate_scale(const Explanation& explanation, Mistakes& mistakes);
    void estimate_sinks(const Explanation& explanation, Mistakes& mistakes, bool on_sample);
    void estimate_theta(Mistakes& mistakes);
    void estimate_epsilon(Explanation& explanation, Mistakes& mistakes);
    void estimate_mask_value(Explanation& explanation, Mistakes& mistakes);
    bool choose(Explanation& explanation, Mistakes& mistakes);
    std::optional<std::vector<std::size_t>> matched(HeadMatching& matching, SoftmaxAxis axis,
                                                    const std::function<void(Piece)>& add) const;
    bool choose_head_order(Explanation& explanation, Mistakes& mistakes);
    // Which of its two orders of key/value heads.
    using KeyValueOrder = std::vector<std::size_t> Mistakes::*;
    void add_parts(const Piece& piece, const Mistakes& mistakes, KeyValueOrder order,
                   std::size_t cells_at_most, ValueParts& all);
    bool choose_in_output(Explanation& explanation, Mistakes& mistakes, KeyValueOrder order);
    bool choose_value_order(Explanation& explanation, Mistakes& mistakes);
    bool choose_among_orders(Explanation& explanation, Mistakes& mistakes);
    bool choose_kv_order(Explanation& explanation, Mistakes& mistakes);
    bool choose_averaged_heads(Explanation& explanation, Mistakes& mistakes);
    bool choose_masked_key(Explanation& explanation, Mistakes& mistakes);
    bool choose_alibi_heads(Explanation& explanation, Mistakes& mistakes);
    bool choose_top_keys(Explanation& explanation, Mistakes& mistakes);
    bool choose_max_distance(Explanation& explanation, Mistakes& mistakes);
    bool choose_relative_layer(Explanation& explanation, Mistakes& mistakes);
    bool choose_pair_split(Explanation& explanation, Mistakes& mistakes);
    std::size_t nearest(const Mistakes& mistakes, const std::vector<std::size_t>& values,
                        const std::function<void(Mistakes&, std::size_t)>& set);
    std::optional<Dropout> estimate_dropout(Explanation& explanation, const Mistakes& mistakes,
                                            bool on_sample);
    double search_scale(const Explanation& explanation, Mistakes mistakes);
    HalfArithmetic find_arithmetic(const Mistakes& mistakes, Dropout dropout);
    void sharpen(const Explanation& explanation, const HalfArithmetic& found, bool on_sample,
                 Mistakes& mistakes);
    void settle_scale(const HalfArithmetic& found, Mistakes& mistakes);
    std::vector<Number> numbers(const Mistakes& mistakes) const;
    bool drifts(const Mistakes& mistakes);
    bool is_much_better(const Closeness& exact, double times, bool on_sample);
    bool is_rounding(Mistakes mistakes, Dropout dropout, bool on_sample, Explanation& explanation);
    bool is_like_rounding(const Mistakes& mistakes, bool on_sample, const Closeness& exact);
    bool explains(const Mistakes& mistakes, Dropout dropout, bool on_sample, const Closeness& exact,
                  Explanation& explanation);
    void judge(const Mistakes& mistakes, Dropout dropout, bool on_sample, const Closeness& exact,
               Explanation& explanation);

    DenseInputs inputs_;
    const Observation& observation_;
    Rounding saved_;
    std::function<void()> tick_;
    DenseHeadsStore store_;
    Extents extents_;
    std::optional<double> right_on_sample_, right_on_everything_;  // squares of its distances
    double unit_;
    Place place_;
    Differing only_;  // empty: all sequences, all heads
};

}  // namespace attn::analysis
