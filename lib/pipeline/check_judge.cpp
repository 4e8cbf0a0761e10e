#include "pipeline/check_judge.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "analysis/log_weights.hpp"
#include "analysis/row_sum_cause.hpp"
#include "analysis/saved_rounding.hpp"
#include "analysis/second_softmax.hpp"
#include "attention/query_offset.hpp"
#include "pipeline/check_line.hpp"

namespace attn::pipeline {
namespace {

using analysis::Ban;
using analysis::HeadCheck;
using analysis::Worst;

constexpr const char* kOtherSide =
    "; all weight lies on keys behind the length, none on those before: the mask is inverted, or "
    "the "
    "padding stands in front (then give --mask)";
constexpr const char* kInverted =
    "; all weight lies on keys that may not be attended, none on those that may: the mask is "
    "inverted";

}  // namespace

template <class T>
CheckedAttention<T> checked_attention(const CheckRequest& request,
                                      const source::StoredAttention<T>& attention,
                                      MaskOptions<T> mask) {
    const auto has_window = [](const source::StoredLayer<T>& layer) {
        return layer.window_left.has_value();
    };
    const auto matrix = [&attention](const HeadCheck& head) {
        for (const source::StoredLayer<T>& layer : attention.layers) {
            if (layer.layer == head.layer) return layer.weights.matrix(head.sequence, head.place);
        }
        return MatrixView<const T>{};
    };
    return {attention.shape(),
            attention.heads,
            attention.has_sinks,
            std::any_of(attention.layers.begin(), attention.layers.end(), has_window),
            request.attention.causal || attention.run,
            std::move(mask),
            matrix};
}

template <class T>
CheckJudge<T>::CheckJudge(const CheckRequest& request, const CheckedAttention<T>& attention,
                          const std::vector<HeadCheck>& heads)
    : request_(request),
      atol_(request.atol.value_or(kRowSumTolerance)),
      attention_(attention),
      mask_(attention.mask),
      heads_(heads) {}

template <class T>
std::vector<CheckLine> CheckJudge<T>::judge() const {
    const CheckLine probabilities = judge_probabilities();
    const bool raw = probabilities.verdict == Verdict::fail;
    const std::vector<std::pair<const char*, std::function<CheckLine()>>> judges{
        {"finite", [&] { return judge_finite(); }},
        {"range", [&] { return judge_range(); }},
        {"row_sum", [&] { return judge_row_sums(); }},
        {"causal_leak", [&] { return judge_leak("causal_leak", Ban::causal, "--causal"); }},
        {"mask_leak", [&] { return judge_leak("mask_leak", Ban::mask, "--mask"); }},
        {"padding_leak", [&] { return judge_leak("padding_leak", Ban::padding, "--key-lengths"); }},
        {"window_leak", [&] { return judge_leak("window_leak", Ban::window, "--window"); }},
        {"almost_causal", [&] { return judge_almost_causal(); }},
        {"masked_keys", [&] { return judge_masked_keys(); }},
        {"dead_head", [&] { return judge_dead_heads(); }},
        {"collapsed_head", [&] { return judge_collapsed_heads(); }},
        {"duplicate_heads", [&] { return judge_duplicates(); }},
        {"saturated", [&] { return judge_saturation(); }},
        {"constant_scores", [&] { return judge_scores(raw); }},
        {"half_precision", [&] { return judge_precision(); }},
    };
    std::vector<CheckLine> lines;
    if (raw || wanted(probabilities.name)) lines.push_back(probabilities);
    for (const auto& [name, judge] : judges) {
        if (!wanted(name)) continue;
        const bool meaningless = raw && std::string(name) != "constant_scores";
        lines.push_back(meaningless ? line_of(name, Verdict::skipped, "these are not probabilities")
                                    : judge());
    }
    for (CheckLine& line : lines) {
        const bool bad = line.verdict == Verdict::fail || line.verdict == Verdict::warning;
        if (bad && line.guilty.empty() && line.place) line.guilty.push_back(*line.place);
        describe(line, atol_);
    }
    return lines;
}

template <class T>
bool CheckJudge<T>::wanted(const std::string& name) const {
    const auto in = [&](const std::vector<std::string>& list) {
        return std::find(list.begin(), list.end(), name) != list.end();
    };
    return (request_.only.empty() || in(request_.only)) && !in(request_.skip);
}

template <class T>
CheckPlace CheckJudge<T>::place_of(const HeadCheck& head) const {
    return {head.layer, head.sequence, attention_.heads[head.place], {}, {}};
}

template <class T>
CheckPlace CheckJudge<T>::place_of(const HeadCheck& head, const Worst& worst, bool with_key) const {
    CheckPlace place = place_of(head);
    place.query = worst.query;
    if (with_key) place.key = worst.key;
    return place;
}

template <class T>
MatrixView<const T> CheckJudge<T>::matrix_of(const HeadCheck& head) const {
    return attention_.matrix ? attention_.matrix(head) : MatrixView<const T>{};
}

template <class T>
std::string CheckJudge<T>::row_sum_cause(const HeadCheck& head) const {
    return attention_.matrix ? analysis::name_row_sum_cause(matrix_of(head), atol_) : "";
}

// What values are that no softmax made, to be put behind what tells so.
template <class T>
std::string CheckJudge<T>::kind_of_scores(const HeadCheck& head, const char* raw) const {
    return attention_.matrix && analysis::are_log_weights(matrix_of(head))
               ? ", and exp of every row sums to 1: these are logarithms of weights, as "
                 "log_softmax "
                 "gives them"
               : raw;
}

// Whether all this looks like scores before softmax.
template <class T>
CheckLine CheckJudge<T>::judge_probabilities() const {
    double cells = 0, negative = 0, rows = 0, far = 0;
    for (const HeadCheck& head : heads_) {
        cells += head.cells;
        negative += head.negative_cells;
        rows += head.rows;
        far += head.far_rows;
    }
    const char* const name = "not_probabilities";
    const HeadCheck& masked =
        worst_head([](const HeadCheck& head) { return head.minus_infinite.value; });
    const HeadCheck& below =
        worst_head([](const HeadCheck& head) { return head.below_zero.value; });
    const HeadCheck& off = worst_head([](const HeadCheck& head) { return head.row_sum.value; });
    constexpr double kMany = 0.01;
    if (masked.minus_infinite.value > 0) {
        return {name,
                Verdict::fail,
                {},
                place_of(masked, masked.minus_infinite),
                "holds -inf" + kind_of_scores(masked, ": these are masked scores before softmax"),
                places_where(
                    [](const HeadCheck& head) { return head.minus_infinite.value > 0; },
                    [&](const HeadCheck& head) { return place_of(head, head.minus_infinite); })};
    }
    // A few cells below zero in rows that sum to one are weights that went wrong.
    const bool raw = std::any_of(heads_.begin(), heads_.end(), [&](const HeadCheck& head) {
        return head.negative_cells > kMany * head.cells && head.odd_rows > head.rows / 2;
    });
    if (raw && negative > kMany * cells) {
        return {
            name,
            Verdict::fail,
            -below.below_zero.value,
            place_of(below, below.below_zero),
            text(100 * negative / cells, " % of the values are negative",
                 kind_of_scores(below, ": these are raw scores before softmax")),
            places_where([](const HeadCheck& head) { return head.below_zero.value > 0; },
                         [&](const HeadCheck& head) { return place_of(head, head.below_zero); })};
    }
    if (far > rows / 2 && !attention_.has_sinks && row_sum_cause(off).empty()) {
        return {name,
                Verdict::fail,
                off.row_sum_found,
                place_of(off, off.row_sum, false),
                "most rows sum to something far from 1: these are no probabilities",
                places_where(
                    [](const HeadCheck& head) { return head.far_rows > 0; },
                    [&](const HeadCheck& head) { return place_of(head, head.row_sum, false); })};
    }
    return line_of(name, Verdict::ok);
}

template <class T>
CheckLine CheckJudge<T>::judge_finite() const {
    double broken = 0;
    for (const HeadCheck& head : heads_) broken += head.broken_cells;
    const HeadCheck& head =
        worst_head([](const HeadCheck& check) { return check.not_finite.value; });
    if (broken == 0) return line_of("finite", Verdict::ok);
    return {
        "finite",
        Verdict::fail,
        broken,
        place_of(head, head.not_finite),
        text(broken, broken == 1 ? " cell is" : " cells are", " NaN or infinite; the first"),
        places_where([](const HeadCheck& check) { return check.broken_cells > 0; },
                     [&](const HeadCheck& check) { return place_of(check, check.not_finite); })};
}

// No softmax gives less than zero; above one is rounding, up to the tolerance.
template <class T>
CheckLine CheckJudge<T>::judge_range() const {
    const HeadCheck& below =
        worst_head([](const HeadCheck& head) { return head.below_zero.value; });
    const std::vector<CheckPlace> guilty = places_where(
        [&](const HeadCheck& check) {
            return check.below_zero.value > 0 || check.above_one.value > atol_;
        },
        [&](const HeadCheck& check) {
            return place_of(check, check.below_zero.value > 0 ? check.below_zero : check.largest);
        });
    if (below.below_zero.value > 0) {
        return {"range",
                Verdict::fail,
                -below.below_zero.value,
                place_of(below, below.below_zero),
                "a weight is below 0",
                guilty};
    }
    const HeadCheck& head = worst_head([](const HeadCheck& check) { return check.largest.value; });
    const bool bad = head.above_one.value > atol_;
    return {"range",
            bad ? Verdict::fail : Verdict::ok,
            head.largest.value,
            place_of(head, head.largest),
            bad ? "a weight is above 1" : "",
            guilty};
}

// Where a sink takes its part only a sum above one is wrong.
template <class T>
double CheckJudge<T>::row_sum_offence(const HeadCheck& head) const {
    return attention_.has_sinks ? std::max(0.0, head.sums.high - 1) : head.row_sum.value;
}

// What rounding to 16 bits or to a few decimals may add to the tolerance that nobody asked for.
// Numbers are looked at only where a sum is beyond it.
template <class T>
double CheckJudge<T>::row_sum_rounding(const HeadCheck& head) const {
    if (request_.atol || row_sum_offence(head) <= atol_) return 0;
    return analysis::rounding_of_sum(matrix_of(head));
}

template <class T>
CheckLine CheckJudge<T>::judge_row_sums() const {
    const auto has_rows = [](const HeadCheck& head) { return head.sums.low <= head.sums.high; };
    if (std::none_of(heads_.begin(), heads_.end(), has_rows))
        return line_of("row_sum", Verdict::skipped, "no row is finite");
    const auto excess = [&](const HeadCheck& check) {
        return row_sum_offence(check) - atol_ - row_sum_rounding(check);
    };
    const HeadCheck& guilty = worst_head(excess);
    const bool bad = excess(guilty) > 0;
    const HeadCheck& head =
        bad ? guilty : worst_head([&](const HeadCheck& check) { return row_sum_offence(check); });
    const double rounding = row_sum_rounding(head);
    CheckLine line{"row_sum", bad ? Verdict::fail : Verdict::ok, head.row_sum_found,
                   place_of(head, head.row_sum, false), ""};
    line.guilty = places_where(
        [&](const HeadCheck& check) { return excess(check) > 0; },
        [&](const HeadCheck& check) {
            return attention_.has_sinks ? place_of(check) : place_of(check, check.row_sum, false);
        });
    if (attention_.has_sinks) {
        line.worst = head.sums.high;
        line.place = place_of(head);
        line.message = bad ? text("a row sums to ", head.sums.high) : "a sink takes the rest";
        return line;
    }
    if (!bad && rounding > 0) {
        line.threshold = atol_ + rounding;
        line.limit = text("1 +/- ", *line.threshold);
        const MatrixView<const T> matrix = matrix_of(head);
        const analysis::Rounding saved =
            analysis::saved_rounding_of(Span<const T>(matrix.data, matrix.rows * matrix.columns));
        line.message =
            text("within rounding to ", analysis::is_decimal(saved) ? name_of(saved) : "16 bits",
                 "; a narrower --atol makes it a failure");
    }
    if (!bad) return line;
    line.message = text("a row sums to ", head.row_sum_found);
    if (head.is_inverted()) {
        line.message += kInverted;
        return line;
    }
    const analysis::ZeroPattern& zeros = head.zeros;
    if (zeros.after > 1 && zeros.before == 0 && zeros.self == 0) {
        line.message += "; queries attend only keys after them: the causal mask is inverted";
        return line;
    }
    const std::string cause = row_sum_cause(head);
    if (!cause.empty())
        line.message += "; " + cause;
    else if (head.row_sum_found == 0)
        line.message += "; name the mask that leaves it no key";
    return line;
}

template <class T>
bool CheckJudge<T>::knows(Ban ban) const {
    const MaskStructure& structure = mask_.structure;
    switch (ban) {
        case Ban::causal:
            return structure.causal;
        case Ban::mask:
            return !mask_.may_attend.empty() || !mask_.added.empty();
        case Ban::padding:
            return !structure.key_lengths.empty();
        case Ban::window:
            break;
    }
    return structure.window_left || structure.window_right || attention_.has_windows;
}

// Any weight that is not zero leaks: a masked key contributes exactly nothing.
template <class T>
CheckLine CheckJudge<T>::judge_leak(const char* name, Ban ban, const char* flag) const {
    if (!knows(ban)) return line_of(name, Verdict::skipped, text("give ", flag, " to check it"));
    const auto index = static_cast<std::size_t>(ban);
    const HeadCheck& head =
        worst_head([&](const HeadCheck& check) { return check.leaks[index].value; });
    const Worst& worst = head.leaks[index];
    if (worst.value == 0) return {name, Verdict::ok, 0.0, {}, ""};
    std::string message = "a key that may not be attended has weight";
    if (head.is_inverted()) {
        message += ban == Ban::padding ? kOtherSide : kInverted;
    } else if (ban == Ban::causal && attention_.shape[2] > 1 && head.zeros.before == 0 &&
               head.forbidden_weight > 0.5) {
        message += "; no query attends a key before it: the mask is transposed";
    }
    if (analysis::looks_softmaxed_twice(matrix_of(head))) message += "; softmax ran twice";
    const bool starts_at_0 = start_at_first_key(mask_.structure.offsets);
    if (ban == Ban::causal && starts_at_0 && attention_.shape[2] < attention_.shape[3])
        message += "; where a cache holds the first keys, give --query-offset end";
    return {
        name,
        Verdict::fail,
        worst.value,
        place_of(head, worst),
        message,
        places_where([&](const HeadCheck& check) { return check.leaks[index].value > 0; },
                     [&](const HeadCheck& check) { return place_of(check, check.leaks[index]); })};
}

template CheckedAttention<float> checked_attention(const CheckRequest&,
                                                   const source::StoredAttention<float>&,
                                                   MaskOptions<float>);
template CheckedAttention<double> checked_attention(const CheckRequest&,
                                                    const source::StoredAttention<double>&,
                                                    MaskOptions<double>);
template class CheckJudge<float>;
template class CheckJudge<double>;

}  // namespace attn::pipeline
