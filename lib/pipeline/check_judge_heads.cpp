// Verdicts on what heads do: suspicious, but not wrong.
#include <algorithm>
#include <cmath>

#include "analysis/same_weights.hpp"
#include "analysis/saved_rounding.hpp"
#include "analysis/second_softmax.hpp"
#include "core/parallel.hpp"
#include "core/word_list.hpp"
#include "pipeline/check_judge.hpp"
#include "pipeline/check_line.hpp"

namespace attn::pipeline {
namespace {

using analysis::HeadCheck;

template <class T>
Span<const T> all_cells(MatrixView<const T> matrix) {
    return {matrix.data, matrix.rows * matrix.columns};
}

}  // namespace

template <class T>
template <class Offence>
CheckLine CheckJudge<T>::warn_heads(const char* name, const Offence& offence, double bound,
                                    const std::string& message) const {
    const auto rated = [&](const HeadCheck& head) {
        return head.choosing_rows > 0 ? offence(head) : 0.0;
    };
    const HeadCheck& worst = worst_head(rated);
    CheckLine line{name, Verdict::ok, rated(worst), place_of(worst), ""};
    const auto guilty = [&](const HeadCheck& head) { return rated(head) > bound; };
    const auto count = std::count_if(heads_.begin(), heads_.end(), guilty);
    if (count == 0) return line;
    line.verdict = Verdict::warning;
    line.place = place_of(*std::find_if(heads_.begin(), heads_.end(), guilty));
    line.message = text(count, " of ", counted(heads_.size(), "head"), ": ", message);
    line.guilty = places_where(guilty, [&](const HeadCheck& head) { return place_of(head); });
    return line;
}

template <class T>
CheckLine CheckJudge<T>::judge_dead_heads() const {
    // One or two rows may come near to even weights by luck, but not that near.
    const auto evenness = [](const HeadCheck& head) {
        const bool lucky = head.choosing_rows < 3 && head.least_entropy < 1 - 1e-6;
        return lucky ? std::min(head.least_entropy, kUniform) : head.least_entropy;
    };
    const bool all = std::all_of(heads_.begin(), heads_.end(), [&](const HeadCheck& head) {
        return head.choosing_rows > 0 && evenness(head) > kUniform;
    });
    if (!all) {
        CheckLine flat = judge_flat_heads();
        if (flat.verdict != Verdict::ok) return flat;
        return warn_heads("dead_head", evenness, kUniform, "every row is uniform over its keys");
    }
    return warn_heads(
        "dead_head", evenness, kUniform,
        analysis::looks_softmaxed_twice(matrix_of(heads_.front()))
            ? "every row is nearly uniform, as when softmax runs twice"
            : "every row is uniform: the weights were probably not loaded, or softmax ran twice");
}

// Heads that vary, but only as far as a softmax of weights can.
template <class T>
CheckLine CheckJudge<T>::judge_flat_heads() const {
    CheckLine line = line_of("dead_head", Verdict::ok);
    std::size_t flat = 0;
    double evenness = 0;
    for (const HeadCheck& head : heads_) {
        if (head.broken_cells > 0 || !analysis::is_flat_as_second_softmax(matrix_of(head)))
            continue;
        if (flat++ == 0) line.place = place_of(head);
        line.guilty.push_back(place_of(head));
        evenness = std::max(evenness, head.least_entropy);
    }
    if (flat == 0) return line;
    line.verdict = Verdict::warning;
    line.worst = evenness;
    line.message = text(flat, " of ", counted(heads_.size(), "head"),
                        ": every row is as flat as when softmax runs twice");
    return line;
}

template <class T>
CheckLine CheckJudge<T>::judge_collapsed_heads() const {
    return warn_heads(
        "collapsed_head",
        [](const HeadCheck& head) { return head.one_key ? head.least_largest : 0.0; }, kCollapsed,
        "one key takes all the weight of every row");
}

template <class T>
CheckLine CheckJudge<T>::judge_saturation() const {
    return warn_heads(
        "saturated", [](const HeadCheck& head) { return head.saturated_rows / head.choosing_rows; },
        kMostSaturated, "most rows have a weight above 0.999: no gradient passes");
}

template <class T>
CheckLine CheckJudge<T>::judge_duplicates() const {
    std::size_t pairs = 0;
    CheckLine line = line_of("duplicate_heads", Verdict::ok);
    const auto see = [&](const HeadCheck& head, std::size_t other) {
        line.guilty.push_back(place_of(head));
        if (++pairs > 1) return;
        line.verdict = Verdict::warning;
        line.place = place_of(head);
        line.message =
            text("head ", line.place->head, " is the same as head ", attention_.heads[other]);
    };
    for (std::size_t a = 0; a < heads_.size(); ++a) {
        if (heads_[a].twin) see(heads_[a], *heads_[a].twin);
        if (!attention_.matrix) continue;
        std::size_t end = a + 1;
        while (end < heads_.size() && heads_[end].layer == heads_[a].layer &&
               heads_[end].sequence == heads_[a].sequence)
            ++end;
        std::vector<char> same(end - a - 1);
        parallel_for(same.size(), [&](std::size_t i) {
            same[i] = analysis::are_same_weights(all_cells(matrix_of(heads_[a])),
                                                 all_cells(matrix_of(heads_[a + 1 + i])));
        });
        for (std::size_t b = a + 1; b < end; ++b)
            if (same[b - a - 1] != 0) see(heads_[b], heads_[a].place);
    }
    if (pairs > 1) line.message += text(", and ", pairs - 1, " more pairs");
    return line;
}

// Judges the scores that a run saved beside its weights, or the source where it holds scores
// itself.
template <class T>
CheckLine CheckJudge<T>::judge_scores(bool raw) const {
    const char* const name = "constant_scores";
    const auto scores_of = [&](const HeadCheck& head) { return raw ? head.values : head.scores; };
    const auto seen = [&](const HeadCheck& head) { return scores_of(head).seen(); };
    if (std::none_of(heads_.begin(), heads_.end(), seen))
        return line_of(name, Verdict::skipped, "needs the scores (run --save scores,weights)");
    const auto constant = [&](const HeadCheck& head) { return scores_of(head).all_same(); };
    const auto count = std::count_if(heads_.begin(), heads_.end(), constant);
    if (count == 0) return line_of(name, Verdict::ok);
    const HeadCheck& head = *std::find_if(heads_.begin(), heads_.end(), constant);
    return {name,
            Verdict::warning,
            scores_of(head).value(),
            place_of(head),
            text(count, " of ", counted(heads_.size(), "head"),
                 ": every score is the same; are queries and keys zero, or not loaded?"),
            places_where(constant, [&](const HeadCheck& check) { return place_of(check); })};
}

// Values that half precision or a few decimals hold exactly, in rows whose sums float32 would not
// scatter so.
template <class T>
CheckLine CheckJudge<T>::judge_precision() const {
    const HeadCheck& head = worst_head([](const HeadCheck& check) { return check.row_sum.value; });
    const MatrixView<const T> matrix = matrix_of(head);
    const double float32_rounding = 1e-6 * std::sqrt(static_cast<double>(matrix.columns));
    std::string half;
    if (head.row_sum.value > float32_rounding) {
        const analysis::Rounding saved = analysis::saved_rounding_of(all_cells(matrix));
        half = std::string(analysis::is_decimal(saved) ? "of " : "") + name_of(saved);
    }
    CheckLine line{"half_precision", Verdict::ok, head.row_sum_found,
                   place_of(head, head.row_sum, false), ""};
    if (half.empty()) return line;
    line.verdict = Verdict::warning;
    line.message = text("the values are ", half, ": rows sum to 1 within ", head.row_sum.value);
    return line;
}

template CheckLine CheckJudge<float>::judge_dead_heads() const;
template CheckLine CheckJudge<float>::judge_flat_heads() const;
template CheckLine CheckJudge<float>::judge_collapsed_heads() const;
template CheckLine CheckJudge<float>::judge_saturation() const;
template CheckLine CheckJudge<float>::judge_duplicates() const;
template CheckLine CheckJudge<float>::judge_scores(bool) const;
template CheckLine CheckJudge<float>::judge_precision() const;
template CheckLine CheckJudge<double>::judge_dead_heads() const;
template CheckLine CheckJudge<double>::judge_flat_heads() const;
template CheckLine CheckJudge<double>::judge_collapsed_heads() const;
template CheckLine CheckJudge<double>::judge_saturation() const;
template CheckLine CheckJudge<double>::judge_duplicates() const;
template CheckLine CheckJudge<double>::judge_scores(bool) const;
template CheckLine CheckJudge<double>::judge_precision() const;

}  // namespace attn::pipeline
