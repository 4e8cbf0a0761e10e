#include "analysis/hypothesis_pairs.hpp"

#include <algorithm>
#include <iterator>

namespace attn::analysis {
namespace {

// Found by least squares, which are sharp only when nothing else has to be found.
bool is_fitted(const Hypothesis& hypothesis) {
    const Fit fit = hypothesis.fit;
    return fit == Fit::epsilon || fit == Fit::input_factor || fit == Fit::softcap ||
           fit == Fit::bias_factor || fit == Fit::mask_value || fit == Fit::temperature;
}

bool estimates_anything(const Hypothesis& hypothesis) {
    return hypothesis.fit != Fit::nothing;
}

// Why `one` is not tried beside `other`.
using Conflict = bool (*)(const Hypothesis& one, const Hypothesis& other);

bool same_part(const Hypothesis& one, const Hypothesis& other) {
    return one.part == other.part;
}

bool leaves_too_much_open(const Hypothesis& one, const Hypothesis& other) {
    // A choice is made beside what is known only, and so are rows told apart.
    const bool needs_known = is_choice(one.fit) || one.fit == Fit::dropout_in_rows;
    return (needs_known || is_fitted(one)) && estimates_anything(other);
}

// A search over all its values is too much work beside each of the others.
bool searches_all_values(const Hypothesis& one, const Hypothesis&) {
    return one.fit == Fit::theta;
}

bool runs_through_all_layers(const Hypothesis& one, const Hypothesis&) {
    return one.fit == Fit::epsilon_everywhere;
}

// The mean of the heads tells no number of theirs, nor where softmax ran otherwise.
bool spoils_mean(const Hypothesis& one, const Hypothesis& other) {
    return one.part == Part::averaging &&
           (estimates_anything(other) || other.part == Part::softmax);
}

// Whose values or which head it is can be told while each head has its own place.
bool mixes_heads(const Hypothesis& one, const Hypothesis& other) {
    return (one.fit == Fit::value_order || one.fit == Fit::head_order ||
            one.fit == Fit::kv_order) &&
           other.part == Part::merging;
}

// Without softmax there are no rows that sum to one, and sums are what tells numbers.
bool replaces_softmax(const Hypothesis& one, const Hypothesis& other) {
    return one.part == Part::activation &&
           (estimates_anything(other) || other.part == Part::softmax || other.part == Part::sink);
}

// A row whose keys have changed places tells only what ran over its keys.
bool sorts_keys(const Hypothesis& one, const Hypothesis& other) {
    return one.part == Part::saved && one.fit == Fit::top_keys && other.part == Part::softmax;
}

// Keys that were rounded jump where a number before them grows: no least squares there.
bool jumps_where_numbers_grow(const Hypothesis& one, const Hypothesis& other) {
    return one.part == Part::quantised &&
           (other.part == Part::values || (is_fitted(other) && other.part == Part::input));
}

// A factor of the input is one of the scores, too.
bool is_factor_of_scores(const Hypothesis& one, const Hypothesis& other) {
    return one.fit == Fit::input_factor && other.part == Part::scale;
}

// Over the heads all numbers for the mask are alike, over the queries few leak in their row; a cap
// behind the mask changes them.
bool hides_mask_value(const Hypothesis& one, const Hypothesis& other) {
    return one.fit == Fit::mask_value &&
           (other.part == Part::softmax || other.part == Part::softcap);
}

constexpr Conflict kConflicts[] = {same_part,
                                   leaves_too_much_open,
                                   searches_all_values,
                                   runs_through_all_layers,
                                   spoils_mean,
                                   mixes_heads,
                                   replaces_softmax,
                                   sorts_keys,
                                   jumps_where_numbers_grow,
                                   is_factor_of_scores,
                                   hides_mask_value};

}  // namespace

bool may_be_together(const Hypothesis& a, const Hypothesis& b) {
    return std::none_of(std::begin(kConflicts), std::end(kConflicts),
                        [&](Conflict conflict) { return conflict(a, b) || conflict(b, a); });
}

}  // namespace attn::analysis
