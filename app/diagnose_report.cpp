#include "diagnose_report.hpp"

#include <algorithm>
#include <cmath>

#include "core/word_list.hpp"
#include "table.hpp"

namespace attn::app {
namespace {

using analysis::Affected;
using analysis::Diagnosis;
using analysis::Differences;
using analysis::Explanation;
using analysis::Hypothesis;
using analysis::NonFinite;
using analysis::Observed;
using results::axes_of;
using results::word;

std::string names_of(const std::vector<const Hypothesis*>& mistakes) {
    std::string text;
    for (const Hypothesis* mistake : mistakes)
        text += (text.empty() ? "" : " + ") + std::string(mistake->name);
    return text.empty() ? "correct" : text;
}

std::string names_of(const Explanation& explanation) {
    std::string text = names_of(explanation.mistakes);
    if (!explanation.detail.empty()) text += " (" + explanation.detail + ")";
    return text;
}

// "-" where the other masks or breaks what this does not.
std::string residual_text(const Explanation& explanation) {
    return explanation.residual < analysis::kNoMatch ? number_text(explanation.residual, 2) : "-";
}

std::string cell_text(double value) {
    return std::isnan(value) ? "NaN" : number_text(value);
}

// "head 0, query 30, key 31"; the first of a batch goes without saying.
std::string place_in_values(const Shape& place, Observed kind) {
    std::string text;
    for (std::size_t axis = 0; axis < place.size(); ++axis) {
        if (axis == 0 && place[0] == 0) continue;
        text += (text.empty() ? "" : ", ") + std::string(axes_of(kind)[axis]) + " " +
                std::to_string(place[axis]);
    }
    return text;
}

std::string count_text(std::size_t count, const std::string& one, const std::string& many) {
    return std::to_string(count) + " " + (count == 1 ? one : many);
}

// "1 of 9604 numbers differs from what was asked for, the farthest at head 0, query 30, key 31: …"
std::string text_of(const Differences& differences, Observed kind) {
    return std::to_string(differences.differing) + " of " + counted(differences.cells, "number") +
           " " + (differences.differing == 1 ? "differs" : "differ") +
           " from what was asked for, the farthest at " + place_in_values(differences.place, kind) +
           ": " + cell_text(differences.observed) + " instead of " +
           cell_text(differences.expected);
}

// "2 of 4 heads (1 to 3), 49 of 49 queries, …"
std::string where_text(const Differences& differences, Observed kind) {
    std::string text;
    for (std::size_t axis = 0; axis < differences.axes.size(); ++axis) {
        const Affected& affected = differences.axes[axis];
        if (affected.of == 1) continue;
        text += (text.empty() ? "" : ", ") + std::to_string(affected.count) + " of " +
                counted(affected.of, axes_of(kind)[axis]);
        if (affected.count == 0 || affected.count == affected.of) continue;
        text += affected.count == 1 ? " (" + std::to_string(affected.first) + ")"
                                    : " (" + std::to_string(affected.first) + " to " +
                                          std::to_string(affected.last) + ")";
    }
    return text;
}

// "explains 99.9998 % of the largest error, the rest is float32 rounding".
void print_share(const Diagnosis& diagnosis, Console& console) {
    const Explanation& best = diagnosis.explanations.front();
    const std::string type = diagnosis.precision.empty() ? "float32" : diagnosis.precision;
    const bool digits = type.find("decimals") != std::string::npos;
    const bool rounds = has(best, analysis::Fit::rounding);
    console.line("explains " + number_text(100 * explained_share(diagnosis, best), 6) +
                 " % of the largest error, the rest is " +
                 (rounds   ? "the order of sums"
                  : digits ? "rounding to " + type
                           : type + " rounding"));
    if (diagnosis.explanations.size() > 1)
        console.line(
            "all of these explain as much: what tells them apart is not in this "
            "observation");
}

// "only head 2 differs; all else agrees to 3e-07".
void print_differing(const analysis::Differing& differing, Console& console) {
    if (!differing.is_part()) return;
    const bool several = differing.heads.size() < differing.all_heads
                             ? differing.heads.size() > 1
                             : differing.sequences.size() > 1;
    console.line("only " + text_of(differing) + (several ? " differ" : " differs") +
                 "; all else agrees to " + number_text(differing.others, 1));
}

// Where and how the observation differs, a line for each.
void print_differences(const Differences& differences, Observed kind, Console& console) {
    console.line(text_of(differences, kind));
    if (differences.differing < 2) return;
    console.line("where: " + where_text(differences, kind));
    if (differences.largest > 0) {
        console.line("how much: typically " + number_text(differences.typical, 3) + ", at most " +
                     number_text(differences.largest, 3) + "; of those that differ " +
                     std::to_string(100 * differences.above / differences.differing) +
                     " % are larger than asked for" +
                     (differences.ratio != 0
                          ? ", and most are " + number_text(differences.ratio, 3) +
                                " times what was asked for"
                          : ""));
    }
    if (differences.lowest_sum <= differences.highest_sum) {
        console.line("rows add up to " + number_text(differences.lowest_sum, 4) + " … " +
                     number_text(differences.highest_sum, 4));
    }
}

// "NaN: 5 of 50 numbers, the first at head 0, query 1, key 0; 1 row is NaN as a whole: …"
void print_non_finite(const pipeline::DiagnoseResult& result, Console& console) {
    const NonFinite& none = result.diagnosis.non_finite;
    if (none.count() == 0) return;
    const bool nan = none.nan > 0, infinite = none.infinite > 0;
    std::string text = (nan && infinite ? "NaN and infinity: "
                        : nan           ? "NaN: "
                                        : "infinity: ") +
                       std::to_string(none.count()) + " of " +
                       counted(result.diagnosis.differences.cells, "number") + " of the observed " +
                       word(result.kind) + ", the first at " +
                       place_in_values(none.first, result.kind);
    if (none.whole_rows > 0) {
        text += "; " + count_text(none.whole_rows, "row is", "rows are") + " NaN as a whole: ";
        for (std::size_t i = 0; i < none.rows.size(); ++i)
            text += (i > 0 ? "; " : "") + place_in_values(none.rows[i], result.kind);
        if (none.whole_rows > none.rows.size()) text += "; …";
    }
    console.line(text);
    if (result.diagnosis.differences.finite_agree)
        console.line("all other numbers are as asked for");
}

std::string names_of(const std::vector<std::vector<const Hypothesis*>>& list) {
    constexpr std::size_t kFew = 3;
    std::string text;
    for (std::size_t i = 0; i < std::min(kFew, list.size()); ++i)
        text += (i > 0 ? "; " : "") + names_of(list[i]);
    return text + (list.size() > kFew ? "; …" : "");
}

void print_untried(const analysis::Untried& untried, double seconds, Console& console) {
    if (untried.empty()) return;
    std::string text = "stopped after " + number_text(seconds) + " s (--time-limit): ";
    if (!untried.mistakes.empty()) {
        text += count_text(untried.mistakes.size(), "mistake or pair", "mistakes and pairs") +
                " not tried (" + names_of(untried.mistakes) + ")";
    }
    if (!untried.unconfirmed.empty()) {
        text += std::string(untried.mistakes.empty() ? "" : "; ") +
                "fits a sample, but was not compared in full: " + names_of(untried.unconfirmed);
    }
    console.line(text);
}

std::vector<std::vector<std::string>> rows_of(const Diagnosis& diagnosis) {
    std::vector<std::vector<std::string>> rows{{"residual", "mistake"}};
    for (const Explanation& explanation : diagnosis.explanations)
        rows.push_back({residual_text(explanation), names_of(explanation)});
    return rows;
}

// What should be exactly 0 is not, and some explanation fits everything else.
bool leaks_only(const Diagnosis& diagnosis) {
    return diagnosis.differences.expected == 0 && !diagnosis.explanations.empty() &&
           diagnosis.explanations.front().residual <= diagnosis.tolerance;
}

void print_unexplained(const pipeline::DiagnoseResult& result, const std::string& what,
                       Console& console) {
    const Diagnosis& diagnosis = result.diagnosis;
    const std::string none =
        "none of these: no known mistake, alone or in a pair that can be told, gives " + what;
    if (diagnosis.constant) {
        console.line(none);
        console.line("all numbers are " + cell_text(diagnosis.differences.observed) +
                     ": nothing was written, or it is no attention");
    } else if (leaks_only(diagnosis)) {
        console.line(
            "masked keys get weight, and all else agrees with what was asked for: a mask "
            "must add -inf, or the lowest number of the type");
    } else if (diagnosis.explanations.empty()) {
        console.line(none + ", nor comes near");
    } else {
        console.line(none + "; the nearest" +
                     (diagnosis.sampled ? " (on a sample of the rows):" : ":"));
        print_table(console, rows_of(diagnosis), 2);
    }
    print_differences(diagnosis.differences, result.kind, console);
}

// "layer 3", "layers 0 to 2", "layers 4, 6 and 7".
std::string text_of(const std::vector<std::size_t>& layers) {
    if (layers.size() == 1) return "layer " + std::to_string(layers.front());
    if (layers.back() - layers.front() + 1 == layers.size() && layers.size() > 2)
        return "layers " + std::to_string(layers.front()) + " to " + std::to_string(layers.back());
    std::string text = "layers ";
    for (std::size_t i = 0; i < layers.size(); ++i) {
        if (i > 0) text += i + 1 == layers.size() ? " and " : ", ";
        text += std::to_string(layers[i]);
    }
    return text;
}

template <class Choose>
std::vector<std::size_t> layers_that(const pipeline::DiagnoseResult& result, const Choose& choose) {
    std::vector<std::size_t> layers;
    for (const pipeline::LayerVerdict& verdict : result.layers) {
        if (choose(verdict)) layers.push_back(verdict.layer);
    }
    return layers;
}

std::string are(const std::vector<std::size_t>& layers) {
    return layers.size() == 1 ? " is" : " are";
}

// "layer 3 is the first that goes wrong; layers 0 to 2 are correct"
void print_first_wrong(const pipeline::DiagnoseResult& result, Console& console) {
    if (result.layers.empty()) return;
    const auto before = layers_that(result, [&](const pipeline::LayerVerdict& verdict) {
        return verdict.layer < result.layer;
    });
    console.line("layer " + std::to_string(result.layer) + " is the first that goes wrong" +
                 (before.empty() ? "" : "; " + text_of(before) + are(before) + " correct"));
}

// Prints the layers behind the first that is wrong.
void print_later_layers(const pipeline::DiagnoseResult& result, Console& console) {
    using OfLayer = pipeline::LayerVerdict;
    const auto is_later = [&](const OfLayer& verdict) { return verdict.layer > result.layer; };
    const auto open = layers_that(
        result, [&](const OfLayer& verdict) { return is_later(verdict) && !verdict.judged; });
    const auto wrong = layers_that(result, [&](const OfLayer& verdict) {
        return is_later(verdict) && verdict.judged && !verdict.correct;
    });
    const auto right = layers_that(
        result, [&](const OfLayer& verdict) { return is_later(verdict) && verdict.correct; });
    if (!open.empty())
        console.line(text_of(open) + are(open) +
                     " not judged: what went wrong is in what they read (--hidden-states gives "
                     "each its own)");
    if (!wrong.empty())
        console.line(text_of(wrong) + are(wrong) +
                     " wrong, too, on the hidden states given (--layer says why)");
    if (!right.empty())
        console.line(text_of(right) + are(right) + " correct on the hidden states given");
}

// "probe: run your code on p/q.npy, …, save its output, and give diagnose -q p/q.npy …"
void print_probe(const results::Probe& probe, Console& console) {
    if (probe.files.empty()) {
        console.line("probe: nothing was written: " + probe.reason);
        return;
    }
    std::string files, flags;
    for (std::size_t i = 0; i < probe.files.size(); ++i) {
        files += (i > 0 ? ", " : "") + probe.files[i];
        flags += probe.flags[i] + " " + probe.files[i] + " ";
    }
    console.line("probe: these explanations are " + number_text(100 * probe.apart, 2) +
                 " % apart in the " + word(probe.observe) + " of another input: run your code on " +
                 files + ", save its " + word(probe.observe) + ", and give diagnose " + flags +
                 "--observed what it saved, with the other flags as they are");
}

void print_verdict(const pipeline::DiagnoseResult& result, double seconds, Console& console) {
    const Diagnosis& diagnosis = result.diagnosis;
    const std::string rounded = diagnosis.precision.empty() ? "" : " (" + diagnosis.precision + ")";
    const std::string what = std::string("the observed ") + word(result.kind) + rounded;
    if (!diagnosis.correct) print_first_wrong(result, console);
    print_non_finite(result, console);
    if (diagnosis.correct) {
        const Explanation& right = diagnosis.explanations.front();
        const std::string layers =
            result.layers.empty() ? "" : " of all " + counted(result.layers.size(), "layer");
        console.line("correct: " + what + layers +
                     (result.kind == Observed::output ? " agrees" : " agree") +
                     " with what was asked for (residual " + number_text(right.residual, 2) +
                     ", tolerance " + number_text(diagnosis.tolerance, 2) +
                     (right.detail.empty() ? "" : "; rounded to " + right.detail) + ")");
        return;
    }
    if (!diagnosis.size_of_rounding.empty()) {
        console.line("small difference, size of " + diagnosis.size_of_rounding +
                     " rounding, but not rounding" +
                     (result.computes_input ? " of this layer; that of the layers before it is not "
                                              "repeated: give what it read with --hidden-states"
                                            : ""));
    }
    if (diagnosis.explained()) {
        print_table(console, rows_of(diagnosis), 2);
        print_share(diagnosis, console);
        print_differing(diagnosis.differing, console);
        for (const Hypothesis* mistake : diagnosis.explanations.front().mistakes) {
            console.line(std::string(mistake->name) + ": " + mistake->advice);
            console.line(std::string("  read: ") + mistake->read);
        }
    } else {
        print_unexplained(result, what, console);
    }
    print_later_layers(result, console);
    print_untried(diagnosis.untried, seconds, console);
}

}  // namespace

void print_diagnosis(const pipeline::DiagnoseResult& result, double seconds, Console& console) {
    print_verdict(result, seconds, console);
    if (result.probe) print_probe(*result.probe, console);
    if (!result.picture.empty())
        console.line("picture: " + result.picture + " (observed, expected, difference)");
}

}  // namespace attn::app
