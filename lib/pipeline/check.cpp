#include "pipeline/check.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "analysis/check_sink.hpp"
#include "analysis/row_sum_cause.hpp"
#include "core/error.hpp"
#include "core/nearest.hpp"
#include "pipeline/progress_sink.hpp"

namespace attn::pipeline {
namespace {

using analysis::Ban;
using analysis::HeadCheck;
using analysis::Worst;

constexpr double kUniform = 0.999;
constexpr double kCollapsed = 0.99;
constexpr float kSame = 1e-6F;

template <class... Parts>
std::string text(const Parts&... parts) {
    std::ostringstream stream;
    stream.precision(6);
    (stream << ... << parts);
    return stream.str();
}

class Checker {
  public:
    Checker(const CheckRequest& request, const Progress& progress, const Warn& warn)
        : request_(request),
          attention_(open_stored_attention<float>(inputs_, request.from.source)) {
        select_layers(attention_, request.from);
        places_ = select_heads(attention_, request.from);
        load_mask(warn);
        analysis::CheckSink sink(mask_);
        ProgressSink<float> counter(progress, attention_.layers.size());
        stream<float>(attention_, {&counter, &sink});
        const auto chosen = [](const auto& list, std::size_t item) {
            return std::find(list.begin(), list.end(), item) != list.end();
        };
        for (const HeadCheck& head : sink.heads()) {
            const auto& sequences = request.from.sequences;
            if (chosen(places_, head.place) && (!sequences || chosen(*sequences, head.sequence)))
                heads_.push_back(head);
        }
        if (heads_.empty()) fail("--seq: ", request.from.source, " has no such sequence");
    }

    CheckResult run() {
        result_.batch = attention_.shape()[0] > 1;
        const bool raw = judge_probabilities();
        const auto judge = [&](const char* name, const auto& action) {
            if (!wanted(name)) return;
            if (raw) {
                add({name, Verdict::skipped, {}, {}, "these are not probabilities"});
            } else {
                action();
            }
        };
        judge("finite", [&] { judge_finite(); });
        judge("range", [&] { judge_range(); });
        judge("row_sum", [&] { judge_row_sums(); });
        judge("causal_leak", [&] { judge_leak("causal_leak", Ban::causal, "--causal"); });
        judge("mask_leak", [&] { judge_leak("mask_leak", Ban::mask, "--mask"); });
        judge("padding_leak", [&] { judge_leak("padding_leak", Ban::padding, "--key-lengths"); });
        judge("window_leak", [&] { judge_leak("window_leak", Ban::window, "--window"); });
        judge("dead_head", [&] { judge_dead_heads(); });
        judge("collapsed_head", [&] { judge_collapsed_heads(); });
        judge("duplicate_heads", [&] { judge_duplicates(); });
        judge("saturated", [&] { judge_saturation(); });
        judge("half_precision", [&] { judge_precision(); });
        return result_;
    }

  private:
    // Flags win over what the source knows.
    void load_mask(const Warn& warn) {
        const Shape& shape = attention_.shape();
        const AttentionRequest& flags = request_.attention;
        mask_ = load_mask_options<float>(flags, {shape[0], shape[1], shape[2], shape[3]}, 0,
                                         inputs_, warn);
        const MaskStructure& known = attention_.structure;
        if (!flags.causal) mask_.structure.causal = known.causal;
        if (flags.query_offset.empty()) mask_.structure.offsets = known.offsets;
        if (flags.key_lengths.empty()) mask_.structure.key_lengths = known.key_lengths;
        if (flags.window.empty()) {
            mask_.structure.window_left = known.window_left;
            mask_.structure.window_right = known.window_right;
        }
    }

    bool wanted(const std::string& name) const {
        const auto in = [&](const std::vector<std::string>& list) {
            return std::find(list.begin(), list.end(), name) != list.end();
        };
        return (request_.only.empty() || in(request_.only)) && !in(request_.skip);
    }

    void add(CheckLine line) { result_.lines.push_back(std::move(line)); }

    CheckPlace place_of(const HeadCheck& head) const {
        return {head.layer, head.sequence, attention_.heads[head.place], {}, {}};
    }
    CheckPlace place_of(const HeadCheck& head, const Worst& worst, bool with_key = true) const {
        CheckPlace place = place_of(head);
        place.query = worst.query;
        if (with_key) place.key = worst.key;
        return place;
    }

    // The head with the largest offence; the first of equals.
    template <class Offence>
    const HeadCheck& worst_head(const Offence& offence) const {
        return *std::max_element(
            heads_.begin(), heads_.end(),
            [&](const HeadCheck& a, const HeadCheck& b) { return offence(a) < offence(b); });
    }

    // Whether all this looks like scores before softmax.
    bool judge_probabilities() {
        double cells = 0, negative = 0, rows = 0, far = 0;
        for (const HeadCheck& head : heads_) {
            cells += head.cells;
            negative += head.negative_cells;
            rows += head.rows;
            far += head.far_rows;
        }
        const HeadCheck& masked =
            worst_head([](const HeadCheck& head) { return head.minus_infinite.value; });
        const HeadCheck& below =
            worst_head([](const HeadCheck& head) { return head.below_zero.value; });
        const HeadCheck& off = worst_head([](const HeadCheck& head) { return head.row_sum.value; });
        CheckLine line{"not_probabilities", Verdict::ok, {}, {}, ""};
        constexpr double kMany = 0.01;
        if (masked.minus_infinite.value > 0) {
            line = {line.name,
                    Verdict::fail,
                    {},
                    place_of(masked, masked.minus_infinite),
                    "holds -inf: these are masked scores before softmax"};
        } else if (negative > kMany * cells) {
            line = {line.name, Verdict::fail, -below.below_zero.value,
                    place_of(below, below.below_zero),
                    text(100 * negative / cells,
                         " % of the values are negative: these are raw scores before softmax")};
        } else if (far > rows / 2 &&
                   analysis::name_row_sum_cause(matrix_of(off), request_.atol).empty()) {
            line = {line.name, Verdict::fail, off.row_sum_found, place_of(off, off.row_sum, false),
                    "most rows sum to something far from 1: these are no probabilities"};
        }
        const bool raw = line.verdict == Verdict::fail;
        if (raw || wanted(line.name)) add(std::move(line));
        return raw;
    }

    MatrixView<const float> matrix_of(const HeadCheck& head) const {
        const Shape& shape = attention_.shape();
        for (const StoredLayer<float>& layer : attention_.layers) {
            if (layer.layer != head.layer) continue;
            const std::size_t index = head.sequence * shape[1] + head.place;
            return {layer.weights.data() + index * shape[2] * shape[3], shape[2], shape[3]};
        }
        return {};
    }

    void judge_finite() {
        const HeadCheck& head =
            worst_head([](const HeadCheck& check) { return check.not_finite.value; });
        if (head.not_finite.value == 0) return add({"finite", Verdict::ok, {}, {}, ""});
        add({"finite",
             Verdict::fail,
             {},
             place_of(head, head.not_finite),
             "holds NaN or infinity"});
    }

    void judge_range() {
        const auto offence = [](const HeadCheck& head) {
            return std::max(head.below_zero.value, head.above_one.value);
        };
        const HeadCheck& head = worst_head(offence);
        const bool below = head.below_zero.value >= head.above_one.value;
        const Worst& worst = below ? head.below_zero : head.above_one;
        const double value = below ? -worst.value : 1 + worst.value;
        const bool bad = worst.value > request_.atol;
        CheckLine line{"range", bad ? Verdict::fail : Verdict::ok, {}, {}, ""};
        if (worst.value > 0) line.worst = value, line.place = place_of(head, worst);
        if (bad) line.message = "a weight is outside of 0 … 1";
        add(std::move(line));
    }

    void judge_row_sums() {
        const HeadCheck& head =
            worst_head([](const HeadCheck& check) { return check.row_sum.value; });
        const bool bad = head.row_sum.value > request_.atol;
        CheckLine line{"row_sum", bad ? Verdict::fail : Verdict::ok, head.row_sum_found,
                       place_of(head, head.row_sum, false), ""};
        if (bad) {
            line.message = text("a row sums to ", head.row_sum_found);
            const std::string cause = analysis::name_row_sum_cause(matrix_of(head), request_.atol);
            if (!cause.empty()) line.message += "; " + cause;
            if (head.row_sum_found == 0) line.message += "; name the mask that leaves it no key";
        }
        add(std::move(line));
    }

    bool knows(Ban ban) const {
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
        return structure.window_left || structure.window_right;
    }

    // Any weight that is not zero leaks: a masked key contributes exactly nothing.
    void judge_leak(const char* name, Ban ban, const char* flag) {
        if (!knows(ban))
            return add({name, Verdict::skipped, {}, {}, text("give ", flag, " to check it")});
        const auto index = static_cast<std::size_t>(ban);
        const HeadCheck& head =
            worst_head([&](const HeadCheck& check) { return check.leaks[index].value; });
        const Worst& worst = head.leaks[index];
        if (worst.value == 0) return add({name, Verdict::ok, 0.0, {}, ""});
        add({name, Verdict::fail, worst.value, place_of(head, worst),
             "a key that may not be attended has weight"});
    }

    // One line for all heads that are guilty of something that is suspicious but not wrong.
    template <class Guilty>
    void warn_heads(const char* name, const Guilty& guilty, const std::string& message,
                    const std::string& when_all) {
        std::vector<const HeadCheck*> found;
        for (const HeadCheck& head : heads_) {
            if (head.choosing_rows > 0 && guilty(head)) found.push_back(&head);
        }
        if (found.empty()) return add({name, Verdict::ok, {}, {}, ""});
        const bool all = found.size() == heads_.size() && !when_all.empty();
        add({name,
             Verdict::warning,
             {},
             place_of(*found.front()),
             text(found.size(), " of ", heads_.size(), " heads: ", all ? when_all : message)});
    }

    void judge_dead_heads() {
        warn_heads(
            "dead_head", [](const HeadCheck& head) { return head.least_entropy > kUniform; },
            "every row is uniform over its keys",
            "every row is uniform: the weights were probably not loaded, or softmax ran twice");
    }

    void judge_collapsed_heads() {
        warn_heads(
            "collapsed_head",
            [](const HeadCheck& head) { return head.one_key && head.least_largest > kCollapsed; },
            "one key takes all the weight of every row", "");
    }

    void judge_saturation() {
        warn_heads(
            "saturated",
            [](const HeadCheck& head) { return 2 * head.saturated_rows > head.choosing_rows; },
            "most rows have a weight above 0.999: no gradient passes", "");
    }

    void judge_duplicates() {
        std::size_t pairs = 0;
        std::optional<CheckPlace> place;
        std::string message;
        for (std::size_t a = 0; a < heads_.size(); ++a) {
            for (std::size_t b = a + 1; b < heads_.size(); ++b) {
                if (heads_[a].layer != heads_[b].layer || heads_[a].sequence != heads_[b].sequence)
                    break;
                if (!same(matrix_of(heads_[a]), matrix_of(heads_[b]))) continue;
                if (++pairs > 1) continue;
                place = place_of(heads_[b]);
                message = text("head ", place->head, " is the same as head ",
                               attention_.heads[heads_[a].place]);
            }
        }
        if (pairs > 1) message += text(", and ", pairs - 1, " more pairs");
        add({"duplicate_heads", pairs > 0 ? Verdict::warning : Verdict::ok, {}, place, message});
    }

    static bool same(MatrixView<const float> a, MatrixView<const float> b) {
        for (std::size_t cell = 0; cell < a.rows * a.columns; ++cell) {
            if (!(std::abs(a.data[cell] - b.data[cell]) < kSame)) return false;
        }
        return true;
    }

    void judge_precision() {
        const HeadCheck& head =
            worst_head([](const HeadCheck& check) { return check.row_sum.value; });
        const MatrixView<const float> matrix = matrix_of(head);
        const std::string half =
            analysis::half_precision_of({matrix.data, matrix.rows * matrix.columns});
        if (half.empty()) return add({"half_precision", Verdict::ok, {}, {}, ""});
        add({"half_precision", Verdict::warning, head.row_sum_found,
             place_of(head, head.row_sum, false),
             text("the values are ", half, ": rows sum to 1 within ", head.row_sum.value)});
    }

    const CheckRequest& request_;
    io::Inputs inputs_;
    StoredAttention<float> attention_;
    std::vector<std::size_t> places_;
    MaskOptions<float> mask_;
    std::vector<HeadCheck> heads_;
    CheckResult result_;
};

void require_known(const std::vector<std::string>& names, const std::string& flag) {
    for (const std::string& name : names) {
        const auto& known = check_names();
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        const std::string close = nearest(name, known);
        fail(flag, " ", name, ": is no check",
             close.empty() ? "; see attn-inspect check --help" : "; did you mean " + close + "?");
    }
}

}  // namespace

bool CheckResult::failed() const {
    return std::any_of(lines.begin(), lines.end(),
                       [](const CheckLine& line) { return line.verdict == Verdict::fail; });
}

bool CheckResult::warned() const {
    return std::any_of(lines.begin(), lines.end(),
                       [](const CheckLine& line) { return line.verdict == Verdict::warning; });
}

const std::vector<std::string>& check_names() {
    static const std::vector<std::string> names{
        "not_probabilities", "finite",       "range",         "row_sum",   "causal_leak",
        "mask_leak",         "padding_leak", "window_leak",   "dead_head", "collapsed_head",
        "duplicate_heads",   "saturated",    "half_precision"};
    return names;
}

CheckResult check(const CheckRequest& request, const Progress& progress, const Warn& warn) {
    require_known(request.only, "--only");
    require_known(request.skip, "--skip");
    if (!(request.atol >= 0)) fail("--atol ", request.atol, ": expected a number of 0 or more");
    return Checker(request, progress, warn).run();
}

}  // namespace attn::pipeline
