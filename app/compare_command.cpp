// compare: two results side by side. Exit code 1 when they differ.
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "attention_flags.hpp"
#include "commands.hpp"
#include "core/word_list.hpp"
#include "flags.hpp"
#include "input_flags.hpp"
#include "output_policy_flags.hpp"
#include "pipeline/compare.hpp"
#include "progress_bar.hpp"
#include "source_flags.hpp"
#include "table.hpp"

namespace attn::app {
namespace {

using pipeline::CompareResult;
using pipeline::HeadDifference;

struct CompareFlags {
    pipeline::CompareRequest request;
    bool all = false;  // heads that do not differ too
    bool json = false;
};

bool differs(const HeadDifference& head) {
    return head.values.differing > 0;
}

// What it all comes to, in one line.
std::string totals(const CompareResult& result) {
    const auto& heads = result.heads;
    if (result.same() && heads.size() == 1) return "the same: its one head is close";
    if (result.same()) return "the same: all " + counted(heads.size(), "head") + " are close";
    const auto count = std::count_if(heads.begin(), heads.end(), differs);
    std::size_t differing = 0, cells = 0;
    double farthest = 0;
    for (const HeadDifference& head : heads) {
        differing += head.values.differing;
        cells += head.values.cells;
        // NaN is the farthest, and stays it.
        if (!std::isnan(farthest) && !(head.values.max_abs <= farthest))
            farthest = head.values.max_abs;
    }
    std::string text = "they differ: " + std::to_string(count) + " of " +
                       counted(heads.size(), "head") + ", " + std::to_string(differing) + " of " +
                       std::to_string(cells) + " cells, max_abs " +
                       (std::isnan(farthest) ? "NaN" : number_text(farthest, 4));
    if (!result.missing.empty())
        text += "; " + std::to_string(result.missing.size()) + " on one side only";
    return text;
}

void print(const CompareResult& result, bool all, Console& console) {
    std::vector<std::string> header{"layer",   "head",      "max_abs",
                                    "max_rel", "max_ulp",   "cosine",
                                    "mean_kl", "differing", "first (query, key)"};
    if (result.batch) header.insert(header.begin() + 1, "seq");
    std::vector<std::vector<std::string>> rows{header};
    for (const HeadDifference& head : result.heads) {
        const analysis::Difference& values = head.values;
        if (!all && !differs(head)) continue;
        std::vector<std::string> row{std::to_string(head.layer)};
        if (result.batch) row.push_back(std::to_string(head.sequence));
        row.push_back(std::to_string(head.head));
        for (const double value :
             {values.max_abs, values.max_rel, values.max_ulp, values.cosine, values.mean_kl})
            row.push_back(number_text(value, 4));
        row.push_back(std::to_string(values.differing) + " of " + std::to_string(values.cells));
        row.push_back(values.first ? std::to_string(values.first->first) + ", " +
                                         std::to_string(values.first->second)
                                   : "-");
        rows.push_back(row);
    }
    if (rows.size() > 1) print_table(console, rows, 0);
    for (const std::string& text : result.missing) console.line(text);
    console.line(totals(result));
}

int execute(const CompareFlags& flags, const CommandLine& line) {
    CompareResult result;
    {
        ProgressBar bar(line.console, line.global.quiet);
        result = pipeline::compare(flags.request, bar.progress(), line.console.warnings());
    }
    if (flags.json) {
        line.console.document(results::comparison_json(result));
    } else if (!line.global.quiet) {
        print(result, flags.all, line.console);
    }
    return result.same() ? 0 : 1;
}

}  // namespace

void add_compare_command(CLI::App& app, CommandLine& line) {
    Command command(app, line, "compare",
                    "Two results side by side, head by head; exit code 1 when they differ");
    const auto flags = std::make_shared<CompareFlags>();
    command
        .text("a", "A", flags->request.a,
              "A folder that run wrote, or arrays: [q, k], [heads, q, k], [layers, heads, q, k], "
              "[layers, batch, heads, q, k], or those of many layers")
        .required();
    command.text(
        "b", "B", flags->request.b,
        "The same of another run, of another program; without it B is computed from "
        "--weights, or --query, --key and --value, as run does, and never held as a whole");
    add_axes_flag(command, "--axes", flags->request.axes, "Axes of the arrays");
    add_axes_flag(command, "--axes-b", flags->request.axes_b,
                  "Axes of B, where they are not those of A,");
    command.real("--rtol", flags->request.tolerance.rtol, RealRange::tolerance(),
                 "Close is abs(a - b) <= atol + rtol * abs(b), as in numpy (default 1e-5)");
    command.real("--atol", flags->request.tolerance.atol, RealRange::tolerance(),
                 "See --rtol (default 1e-6)");
    add_precision_flag(command, flags->request.precision);
    command.text("-o,--output", "DIR", flags->request.output,
                 "Draw A, B and A - B side by side, a picture a head, into this folder");
    add_output_policy_flags(command, flags->request.policy, line.console);
    add_digest_flag(command, flags->request.policy);
    command.on("--all", flags->all, "Print every head, not only those that differ");
    command.on("--json", flags->json, "Print JSON: {\"same\": …, \"heads\": […]}");
    add_input_flags(command, flags->request.computed);
    add_attention_flags(command, flags->request.computed.attention);
    command.usual({"--rtol", "--atol", "--axes", "--all", "--output", "--json"},
                  "attn-inspect compare out other/weights.npy --atol 1e-5");
    command.divided_action([flags, &line] {
        flags->request.ranks = line.ranks;
        return execute(*flags, line);
    });
}

}  // namespace attn::app
