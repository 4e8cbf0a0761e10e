// diagnose: which mistake explains this attention? Exit code 1 when there is one, or nothing fits.
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "attention_flags.hpp"
#include "commands.hpp"
#include "input_flags.hpp"
#include "io/json_text.hpp"
#include "number_flags.hpp"
#include "pipeline/diagnose.hpp"
#include "progress_bar.hpp"
#include "source_flags.hpp"
#include "table.hpp"

namespace attn::app {
namespace {

using analysis::Diagnosis;
using analysis::Explanation;
using analysis::Hypothesis;
using analysis::Misfit;
using analysis::Observed;
using Json = nlohmann::ordered_json;

struct DiagnoseFlags {
    pipeline::DiagnoseRequest request;
    bool json = false;
};

const char* name_of(Observed kind) {
    switch (kind) {
        case Observed::weights:
            return "weights";
        case Observed::scores:
            return "scores";
        case Observed::output:
            break;
    }
    return "output";
}

std::string names_of(const Explanation& explanation) {
    std::string text;
    for (const Hypothesis* mistake : explanation.mistakes)
        text += (text.empty() ? "" : " + ") + std::string(mistake->name);
    if (text.empty()) text = "correct";
    if (!explanation.detail.empty()) text += " (" + explanation.detail + ")";
    return text;
}

// "-" where the other masks or breaks what this does not.
std::string residual_text(const Explanation& explanation) {
    return explanation.residual < analysis::kNoMatch ? number_text(explanation.residual, 2) : "-";
}

std::string verdict_of(const Diagnosis& diagnosis) {
    if (diagnosis.correct) return "correct";
    return diagnosis.explained() ? "mistake" : "unexplained";
}

// The axes of what was observed.
std::vector<const char*> axes_of(Observed kind) {
    if (kind == Observed::output) return {"seq", "query", "column"};
    return {"seq", "head", "query", "key"};
}

Json to_json(const Misfit& misfit, Observed kind) {
    Json place;
    for (std::size_t axis = 0; axis < misfit.place.size(); ++axis)
        place[axes_of(kind)[axis]] = misfit.place[axis];
    return {{"differing", misfit.differing},
            {"cells", misfit.cells},
            {"place", place},
            {"expected", misfit.expected},
            {"observed", misfit.observed}};
}

std::string cell_text(double value) {
    return std::isnan(value) ? "NaN" : number_text(value);
}

// "1 of 9604 numbers differs from what was asked for, the farthest at head 0, query 30, key 31: …"
std::string text_of(const Misfit& misfit, Observed kind) {
    std::string place;
    for (std::size_t axis = 0; axis < misfit.place.size(); ++axis) {
        if (axis == 0 && misfit.place[0] == 0) continue;
        place += (place.empty() ? "" : ", ") + std::string(axes_of(kind)[axis]) + " " +
                 std::to_string(misfit.place[axis]);
    }
    return std::to_string(misfit.differing) + " of " + std::to_string(misfit.cells) + " numbers " +
           (misfit.differing == 1 ? "differs" : "differ") +
           " from what was asked for, the farthest at " + place + ": " +
           cell_text(misfit.observed) + " instead of " + cell_text(misfit.expected);
}

std::string to_json(const pipeline::DiagnoseResult& result) {
    const Diagnosis& diagnosis = result.diagnosis;
    Json json{{"verdict", verdict_of(diagnosis)},
              {"observed", name_of(result.kind)},
              {"precision", diagnosis.precision.empty() ? Json() : Json(diagnosis.precision)},
              {"tolerance", diagnosis.tolerance},
              {"misfit", to_json(diagnosis.misfit, result.kind)},
              {"explanations", Json::array()}};
    for (const Explanation& explanation : diagnosis.explanations) {
        Json entry{{"mistakes", Json::array()},
                   {"residual", explanation.residual},
                   {"detail", explanation.detail},
                   {"advice", Json::array()}};
        for (const Hypothesis* mistake : explanation.mistakes) {
            entry["mistakes"].push_back(mistake->name);
            entry["advice"].push_back(mistake->advice);
        }
        json["explanations"].push_back(entry);
    }
    return io::json_document(json);
}

void print(const pipeline::DiagnoseResult& result, Console& console) {
    const Diagnosis& diagnosis = result.diagnosis;
    const std::string rounded = diagnosis.precision.empty() ? "" : " (" + diagnosis.precision + ")";
    const std::string what = std::string("the observed ") + name_of(result.kind) + rounded;
    if (diagnosis.correct) {
        console.line("correct: " + what + " agree with what was asked for (residual " +
                     number_text(diagnosis.explanations.front().residual, 2) + ")");
        return;
    }
    if (!diagnosis.explained()) {
        console.line("none of these: no known mistake, alone or in pairs, gives " + what +
                     "; the nearest:");
    }
    std::vector<std::vector<std::string>> rows{{"residual", "mistake"}};
    for (const Explanation& explanation : diagnosis.explanations)
        rows.push_back({residual_text(explanation), names_of(explanation)});
    print_table(console, rows, 2);
    if (!diagnosis.explained()) {
        console.line(text_of(diagnosis.misfit, result.kind));
        return;
    }
    for (const Hypothesis* mistake : diagnosis.explanations.front().mistakes)
        console.line(std::string(mistake->name) + ": " + mistake->advice);
}

int execute(const DiagnoseFlags& flags, const CommandLine& line) {
    pipeline::DiagnoseResult result;
    {
        ProgressBar bar(line.console, line.global.quiet);
        result = pipeline::diagnose(flags.request, bar.progress(), line.console.warnings());
    }
    if (flags.json) {
        line.console.document(to_json(result));
    } else if (!line.global.quiet) {
        print(result, line.console);
    }
    return result.diagnosis.correct ? 0 : 1;
}

std::string list_mistakes() {
    std::string text = "Mistakes it knows, alone and in pairs:\n";
    for (const Hypothesis& hypothesis : analysis::hypotheses())
        text += "  " + std::string(hypothesis.name) + "\n";
    return text;
}

}  // namespace

void add_diagnose_command(CLI::App& app, CommandLine& line) {
    CLI::App& command = *app.add_subcommand(
        "diagnose", "Which mistake explains this attention? Exit code 1 unless it is correct");
    const auto flags = std::make_shared<DiagnoseFlags>();
    add_input_flags(command, flags->request.run);
    add_attention_flags(command, flags->request.run.attention);
    const std::string group = "Observation";
    command
        .add_option(
            "--observed", flags->request.observed,
            "What the other code gave: weights or scores [(batch,) heads, queries, keys] "
            "([layers, batch, …] for all layers), or the output [(batch,) queries, d_model]; from "
            "--query, --key and --value also that of each head, [(batch,) heads, queries, d_head]")
        ->type_name("ARRAY")
        ->group(group);
    add_axes_flag(command, "--axes", flags->request.axes, "Axes of observed weights or scores")
        ->group(group);
    command
        .add_option_function<std::string>(
            "--observed-is",
            [flags](const std::string& kind) {
                flags->request.kind = kind == "weights"  ? Observed::weights
                                      : kind == "scores" ? Observed::scores
                                                         : Observed::output;
            },
            "What it is (default: the shape and the values tell)")
        ->check(CLI::IsMember({"weights", "scores", "output"}))
        ->type_name("KIND")
        ->group(group);
    add_whole(command, "--layer", flags->request.layer, {0, 1 << 20},
              "Which layer it is of (default 0)")
        ->group(group);
    command.add_flag("--json", flags->json, "Print JSON: {\"verdict\": …, \"explanations\": […]}")
        ->group(group);
    command.footer(list_mistakes());
    command.callback(
        [flags, &line] { line.action = [flags, &line] { return execute(*flags, line); }; });
}

}  // namespace attn::app
