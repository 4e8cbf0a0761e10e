#include "approx_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "attention/approx/method.hpp"
#include "flags.hpp"
#include "table.hpp"

namespace attn::app {
namespace {

using analysis::ApproxMeasure;
using analysis::ApproxMeasures;

struct ApproxLine {
    std::vector<std::string> place;
    const ApproxMeasures* measures = nullptr;
    std::string note;
    const ApproxMeasures* spread = nullptr;  // of several seeds
};

// Printed where nobody chooses columns, as far as they are defined.
const std::vector<std::string> kUsualColumns{"context_error", "weights_error", "kept_mass", "top1",
                                             "cosine",        "flops_ratio",   "read_ratio"};

std::vector<ApproxMeasure> chosen_columns(const std::string& columns,
                                          const results::ApproxReport& report) {
    std::vector<ApproxMeasure> chosen;
    if (!columns.empty()) {
        for (const std::string& name : split_list(columns))
            chosen.push_back(analysis::find_approx_measure(name, "--columns"));
        return chosen;
    }
    const bool contexts =
        !report.methods.empty() && !std::isnan(report.methods.front().run.context_error);
    for (const std::string& text : kUsualColumns) {
        if (!contexts && (text == "context_error" || text == "cosine")) continue;
        if (contexts && text == "weights_error") continue;
        if (!report.costs && text.find("_ratio") != std::string::npos) continue;
        chosen.push_back(analysis::find_approx_measure(text, "--columns"));
    }
    if (report.exact_time) {
        for (const char* name : {"time", "time_ratio"})
            chosen.push_back(analysis::find_approx_measure(name, "--columns"));
    }
    return chosen;
}

std::string header_of(const ApproxMeasure& measure) {
    std::string name = measure.name;
    if (name == "flops_ratio") return "flops x";
    if (name == "read_ratio") return "read x";
    if (name == "kept_ratio") return "kept x";
    if (name == "time") return "seconds";
    if (name == "time_ratio") return "time x";
    return name;
}

// "0.25", of several seeds "0.25 ±0.01".
std::string line_cell(const ApproxLine& line, const ApproxMeasure& measure) {
    if (!line.measures) return "-";
    const std::string text = number_text(line.measures->*measure.value, 4);
    const double spread = line.spread ? line.spread->*measure.value : 0;
    return spread > 0 ? text + " ±" + number_text(spread, 2) : text;
}

std::string note_of(const results::ApproxRow& row) {
    if (row.oracle) return "oracle";
    // Xiao 2023 numbers what is left in the cache anew, which rotated keys do not allow.
    const auto sinks = row.numbers.find("sinks");
    const bool streams = row.method == "local" && sinks != row.numbers.end() && sinks->second > 0;
    return streams ? "keys keep their positions" : "";
}

std::vector<ApproxLine> lines_of(const results::ApproxReport& report, bool layers) {
    std::vector<ApproxLine> lines;
    for (const results::ApproxRow& row : report.methods) {
        if (!row.skipped.empty()) continue;
        const std::string note = note_of(row);
        const auto add = [&](std::vector<std::string> place, const ApproxMeasures* measures,
                             const ApproxMeasures* spread) {
            place.insert(place.begin(), row.spec);
            lines.push_back({std::move(place), measures, note, row.seeds > 1 ? spread : nullptr});
        };
        const auto spread_of = [](const auto& spreads, const auto& all, const auto& one) {
            return spreads.empty() ? nullptr
                                   : &spreads[static_cast<std::size_t>(&one - all.data())];
        };
        if (report.per_head) {
            for (const auto& head : row.heads) {
                std::vector<std::string> place{std::to_string(head.layer)};
                if (report.batch) place.push_back(std::to_string(head.sequence));
                place.push_back(std::to_string(head.head));
                add(std::move(place), &head.measures, spread_of(row.head_spread, row.heads, head));
            }
        } else if (layers) {
            for (const auto& layer : row.layers) {
                std::vector<std::string> place{std::to_string(layer.layer)};
                if (report.batch) place.push_back(std::to_string(layer.sequence));
                add(std::move(place), &layer.measures,
                    spread_of(row.layer_spread, row.layers, layer));
            }
        } else {
            add({}, &row.run, &row.run_spread);
        }
    }
    return lines;
}

void sort_lines(std::vector<ApproxLine>& lines, const std::string& name) {
    const ApproxMeasure measure = analysis::find_approx_measure(name, "--sort");
    std::stable_sort(lines.begin(), lines.end(), [&](const ApproxLine& a, const ApproxLine& b) {
        const auto value = [&](const ApproxLine& line) {
            return line.measures ? line.measures->*measure.value : analysis::kNoMeasure;
        };
        const double x = value(a), y = value(b);
        return std::isnan(y) ? !std::isnan(x) : x > y;
    });
}

std::string option_text(const approx::OptionRow& option) {
    std::string text = option.name + "=" + (option.standard == "-" ? "…" : option.standard);
    if (option.name == "seed") text = "seed=--seed";
    if (!option.words.empty()) {
        text += " (";
        for (std::size_t i = 0; i < option.words.size(); ++i)
            text += (i == 0 ? "" : ", ") + option.words[i];
        text += ")";
    }
    return text;
}

std::string needs_text(const approx::MethodRow& row) {
    switch (row.reads) {
        case approx::Reads::positions:
            return "nothing";
        case approx::Reads::weights:
            return "weights";
        case approx::Reads::inputs:
            return "q, k, v";
        case approx::Reads::projections:
            break;
    }
    return "-x, -w";
}

std::string causal_text(const approx::MethodRow& row) {
    switch (row.causal) {
        case approx::CausalForm::any:
            return "both";
        case approx::CausalForm::none:
            return "no mask";
        case approx::CausalForm::needed:
            break;
    }
    return "causal";
}

}  // namespace

std::vector<std::string> shown_measures(const ApproxTableChoice& choice) {
    std::vector<std::string> names =
        choice.columns.empty() ? kUsualColumns : split_list(choice.columns);
    if (!choice.sort.empty()) names.push_back(choice.sort);
    return names;
}

void print_approx(const results::ApproxReport& report, const ApproxTableChoice& choice,
                  Console& console) {
    const std::vector<ApproxMeasure> columns = chosen_columns(choice.columns, report);
    const std::size_t places = report.methods.front().layers.size();
    const bool layers = !report.per_head && report.batch && places > 1;
    std::vector<std::string> header{"method"};
    if (report.per_head || layers) header.emplace_back("layer");
    if ((report.per_head || layers) && report.batch) header.emplace_back("seq");
    if (report.per_head) header.emplace_back("head");
    const std::size_t place_columns = header.size();
    for (const ApproxMeasure& measure : columns) header.push_back(header_of(measure));
    header.emplace_back("note");
    std::vector<ApproxLine> lines = lines_of(report, layers);
    if (!choice.sort.empty()) sort_lines(lines, choice.sort);
    if (choice.top > 0 && lines.size() > choice.top) lines.resize(choice.top);
    std::vector<std::vector<std::string>> rows{header};
    for (const ApproxLine& line : lines) {
        std::vector<std::string> row = line.place;
        row.resize(place_columns);
        for (const ApproxMeasure& measure : columns) row.push_back(line_cell(line, measure));
        row.push_back(line.note);
        rows.push_back(std::move(row));
    }
    print_table(console, std::move(rows), 1);
    for (const results::ApproxRow& row : report.methods) {
        if (!row.skipped.empty()) console.line(row.spec + ": skipped, " + row.skipped);
    }
}

void print_growth(const results::ApproxReport& report, Console& console) {
    const analysis::LayerGrowth& growth = *report.growth;
    const bool timed = std::isfinite(growth.rows.front().times.front());
    std::vector<std::vector<std::string>> rows{{"layer", "growth"}};
    if (timed) rows.front().emplace_back("of time");
    for (const std::size_t n : growth.lengths) {
        rows.front().push_back("n=" + std::to_string(n));
        if (timed) rows.front().emplace_back("seconds");
    }
    for (const char* name : {"steps", "path", "state"}) rows.front().emplace_back(name);
    const auto number = [](const char* format, double value) {
        if (std::isnan(value)) return std::string("-");
        char text[32];
        std::snprintf(text, sizeof text, format, value);
        return std::string(text);
    };
    for (const analysis::GrowthRow& row : growth.rows) {
        std::vector<std::string> line{row.layer, number("n^%.2f", row.exponent)};
        if (timed) line.push_back(number("n^%.2f", row.time_exponent));
        for (std::size_t i = 0; i < row.costs.size(); ++i) {
            line.push_back(number("%.3g", static_cast<double>(row.costs[i].flops)));
            if (timed) line.push_back(number("%.3g", row.times[i]));
        }
        const approx::LayerCost& last = row.costs.back();
        for (const std::uint64_t count : {last.sequential_steps, last.path, last.state})
            line.push_back(std::to_string(count));
        rows.push_back(std::move(line));
    }
    print_table(console, std::move(rows), 0);
    console.line("FLOPs of a layer with its projections; steps, path and state at the last length");
    console.line(
        "attention costs as much as an LSTM at n=" + std::to_string(growth.crossings.layer) +
        ", without its projections at n=" + std::to_string(growth.crossings.core));
}

void print_needs(const results::ApproxReport& report, Console& console) {
    std::vector<std::vector<std::string>> rows{{"layer"}};
    bool any_missing = false;
    if (report.batch) rows.front().emplace_back("seq");
    rows.front().emplace_back("head");
    for (const results::NeedsFigure& figure : results::needs_figures())
        rows.front().emplace_back(figure.name);
    rows.front().emplace_back("verdict");
    for (const analysis::NeedsOfHead& head : *report.needs) {
        std::vector<std::string> row{std::to_string(head.layer)};
        if (report.batch) row.push_back(std::to_string(head.sequence));
        row.push_back(std::to_string(head.head));
        for (const results::NeedsFigure& figure : results::needs_figures()) {
            const auto& value = head.needs.*figure.value;
            row.push_back(value ? std::to_string(*value) : "-");
            any_missing = any_missing || !value;
        }
        row.push_back(head.needs.verdict);
        rows.push_back(std::move(row));
    }
    print_table(console, std::move(rows), 0);
    if (any_missing) console.line("-: nothing reaches the target, or it does not apply here");
}

void print_methods(Console& console) {
    std::vector<std::vector<std::string>> rows{
        {"method", "group", "options and defaults", "causal", "needs", "source"}};
    for (const approx::MethodRow& row : approx::methods()) {
        std::string options;
        for (const approx::OptionRow& option : row.options)
            options += (options.empty() ? "" : ":") + option_text(option);
        rows.push_back({row.name, approx::group_name(row.group) + (row.oracle ? ", oracle" : ""),
                        options, causal_text(row), needs_text(row), row.source});
    }
    print_table(console, std::move(rows), 6);
}

}  // namespace attn::app
