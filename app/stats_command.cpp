// stats: numbers for every head.
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "commands.hpp"
#include "core/error.hpp"
#include "flags.hpp"
#include "output_policy_flags.hpp"
#include "pipeline/stats.hpp"
#include "progress_bar.hpp"
#include "source_flags.hpp"
#include "table.hpp"

namespace attn::app {
namespace {

using analysis::HeadStats;
using analysis::Measure;

struct StatsFlags {
    pipeline::StatsRequest request;
    std::string columns;
    std::string sort;
    std::size_t top = 0;
    bool json = false;
    bool csv = false;
};

const std::string kUsualColumns =
    "entropy,entropy_normalised,confidence,effective_keys,keys_for_90,distance,diagonal,previous,"
    "first,sink";

std::vector<Measure> parse_columns(const std::string& list) {
    std::vector<Measure> columns;
    for (const std::string& name : split_list(list))
        columns.push_back(analysis::find_measure(name, "--columns"));
    return columns;
}

// Largest first; those without a value last.
void sort_heads(std::vector<HeadStats>& heads, const std::string& name) {
    const Measure& measure = analysis::find_measure(name, "--sort");
    const auto before = [&](const HeadStats& a, const HeadStats& b) {
        const double x = a.*measure.value, y = b.*measure.value;
        return std::isnan(y) ? !std::isnan(x) : x > y;
    };
    std::stable_sort(heads.begin(), heads.end(), before);
}

std::vector<std::string> cells_of(const HeadStats& head, bool batch,
                                  const std::vector<Measure>& columns, bool csv) {
    std::vector<std::string> row{std::to_string(head.layer)};
    if (batch) row.push_back(std::to_string(head.sequence));
    row.push_back(std::to_string(head.head));
    for (const Measure& column : columns) {
        const double value = head.*column.value;
        row.push_back(csv && std::isnan(value) ? "" : number_text(value, csv ? 9 : 4));
    }
    return row;
}

void print(const StatsFlags& flags, const pipeline::StatsResult& result, Console& console) {
    std::vector<Measure> columns = analysis::measures();
    if (!flags.csv) columns = parse_columns(flags.columns.empty() ? kUsualColumns : flags.columns);
    const bool tokens = !result.heads.empty() && !std::isnan(result.heads.front().induction);
    if (!flags.csv && flags.columns.empty() && tokens) {
        for (const char* name : {"previous_token", "duplicate_token", "induction"})
            columns.push_back(analysis::find_measure(name, "--columns"));
    }
    std::vector<std::string> header{"layer", "head"};
    if (result.batch) header.insert(header.begin() + 1, "seq");
    for (const Measure& column : columns) header.emplace_back(column.name);
    std::vector<std::vector<std::string>> rows{header};
    for (const HeadStats& head : result.heads)
        rows.push_back(cells_of(head, result.batch, columns, flags.csv));
    if (!flags.csv) {
        print_table(console, rows, 0);
        return;
    }
    for (const auto& row : rows) console.line(join(row, ","));
}

void print_similarity(const pipeline::StatsResult& result, Console& console) {
    for (const pipeline::LayerSimilarity& layer : result.similarity) {
        const std::string where = "layer " + std::to_string(layer.layer) +
                                  (result.batch ? ", seq " + std::to_string(layer.sequence) : "");
        const auto list = [&](const std::vector<std::size_t>& places) {
            std::string text;
            for (const std::size_t place : places)
                text += (text.empty() ? "" : " ") + std::to_string(layer.numbers[place]);
            return text;
        };
        for (const auto& cluster : layer.heads.clusters)
            console.line(where + ": heads " + list(cluster) + " do much the same");
        for (const auto& [a, b] : layer.heads.redundant)
            console.line(where + ": heads " + list({a, b}) + " are redundant");
    }
}

int execute(StatsFlags& flags, const CommandLine& line) {
    if (!flags.columns.empty()) parse_columns(flags.columns);
    if (!flags.sort.empty()) analysis::find_measure(flags.sort, "--sort");
    if (flags.json && flags.csv) fail("--json and --csv exclude each other");
    if ((flags.json || flags.csv) && flags.request.received == "-")
        fail("--received - and ", flags.json ? "--json" : "--csv",
             " both want standard output; give --received FILE.npy");
    pipeline::StatsResult result;
    {
        ProgressBar bar(line.console, line.global.quiet);
        result = pipeline::measure(flags.request, bar.progress(), line.console.warnings());
    }
    if (flags.request.received == "-") return 0;  // standard output holds the array
    const double sink_rate = result.sink_rate();
    if (!flags.sort.empty()) sort_heads(result.heads, flags.sort);
    if (flags.top > 0 && flags.top < result.heads.size()) result.heads.resize(flags.top);
    if (flags.json) {
        line.console.document(pipeline::stats_json(result));
        return 0;
    }
    print(flags, result, line.console);
    if (flags.csv) return 0;
    print_similarity(result, line.console);
    line.console.line("sink rate: key 0 receives more than " +
                      number_text(pipeline::StatsResult::kSink) + " in " +
                      number_text(100 * sink_rate) + " % of the heads");
    return 0;
}

std::string describe_measures() {
    std::string text = "Measures:\n";
    for (const Measure& measure : analysis::measures()) {
        std::string name = measure.name;
        name.resize(20, ' ');
        text += "  " + name + measure.meaning + "\n";
    }
    return text;
}

std::vector<std::string> measure_names() {
    std::vector<std::string> names;
    for (const Measure& measure : analysis::measures()) names.push_back(measure.name);
    return names;
}

}  // namespace

void add_stats_command(CLI::App& app, CommandLine& line) {
    Command command(app, line, "stats", "Numbers for every layer and head");
    const auto flags = std::make_shared<StatsFlags>();
    add_source_flags(command, flags->request.from);
    add_token_flags(command, flags->request.from);
    command.text("--columns", "LIST", flags->columns, "Measures to print (default: the usual ones)")
        .completes_list(measure_names());
    command
        .text("--sort", "MEASURE", flags->sort, "Heads with the largest value of a measure first")
        .completes(measure_names());
    command.whole("--top", flags->top, {1, 1 << 30}, "Only the first N heads");
    command.text("--grid", "RxC", flags->request.grid,
                 "Keys are patches of a picture, row after row (14x14, or 14x14+1 where a class "
                 "token comes first): distances in patches");
    command.on("--exclude-first-key", flags->request.exclude_first_key,
               "Token patterns without key 0");
    command.on("--exclude-self", flags->request.exclude_self,
               "Token patterns without the diagonal");
    command.choice(
        "--pattern-score", {"mul", "abs"},
        [flags](const std::string& kind) {
            flags->request.pattern_score =
                kind == "abs" ? analysis::PatternScore::abs : analysis::PatternScore::mul;
        },
        "mul: share of the weight on the pattern (default); abs: 1 - mean distance from it");
    const Flag similarity =
        command.on("--similarity", flags->request.similarity,
                   "Compare the heads of each layer: Jensen-Shannon divergence, clusters");
    command
        .real("--cluster-threshold", flags->request.cluster_threshold, RealRange::between(0, 1),
              "Divergence below which heads are one cluster, 0 to 1 (default 0.1)")
        .needs(similarity);
    command.text("--received", "FILE.npy", flags->request.received,
                 "Write what each key receives from all queries: float64 [heads, keys], heads in "
                 "the order of the unsorted table; - is standard output, instead of the table");
    add_output_policy_flags(command, flags->request.policy, line.console);
    command.on("--json", flags->json, "Print JSON: {\"heads\": […], \"layers\": […]}");
    command.on("--csv", flags->csv, "Print CSV, all measures");
    command.footer(describe_measures());
    command.usual({"--layer", "--head", "--columns", "--sort", "--top", "--tokens", "--similarity",
                   "--json", "--csv"},
                  "attn-inspect stats out --sort entropy --top 10");
    command.action([flags, &line] { return execute(*flags, line); });
}

}  // namespace attn::app
