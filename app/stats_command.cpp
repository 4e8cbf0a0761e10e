// stats: numbers for every head.
#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "commands.hpp"
#include "core/error.hpp"
#include "flags.hpp"
#include "output_policy_flags.hpp"
#include "pipeline/stats.hpp"
#include "progress_bar.hpp"
#include "several_sources.hpp"
#include "source_flags.hpp"
#include "stats_table.hpp"
#include "table.hpp"

namespace attn::app {
namespace {

using analysis::Measure;

struct StatsFlags {
    pipeline::StatsRequest request;
    std::vector<std::string> sources;
    std::string columns;
    std::string sort;
    std::size_t top = 0;
    bool json = false;
    bool csv = false;
};

// Largest first; those without a value last.
void sort_heads(pipeline::StatsResult& result, const std::string& name) {
    const Measure& measure = analysis::find_measure(name, "--sort");
    std::vector<std::size_t> order(result.heads.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const double x = result.heads[a].*measure.value, y = result.heads[b].*measure.value;
        return std::isnan(y) ? !std::isnan(x) : x > y;
    });
    const auto heads = result.heads;
    const auto sources = result.head_sources;
    for (std::size_t i = 0; i < order.size(); ++i) {
        result.heads[i] = heads[order[i]];
        if (!sources.empty()) result.head_sources[i] = sources[order[i]];
    }
}

void print_similarity(const pipeline::StatsResult& result, Console& console) {
    for (std::size_t i = 0; i < result.similarity.size(); ++i) {
        const pipeline::LayerSimilarity& layer = result.similarity[i];
        const std::string source =
            result.layer_sources.empty() ? "" : result.layer_sources[i] + ": ";
        const std::string where = source + "layer " + std::to_string(layer.layer) +
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

void print_sink_rates(const pipeline::StatsResult& result, Console& console) {
    for (const pipeline::SinkCount& count : result.sinks) {
        if (count.heads == 0) continue;
        console.line((count.source.empty() ? "" : count.source + ": ") +
                     "sink rate: key 0 receives more than " +
                     number_text(pipeline::StatsResult::kSink) + " in " +
                     number_text(100 * count.rate()) + " % of the heads");
    }
}

// The heads that were asked for. The sink rate is that of all.
void print(const StatsFlags& flags, pipeline::StatsResult& result, Console& console) {
    if (!flags.sort.empty()) {
        sort_heads(result, flags.sort);
        // Those without a value are last.
        if (std::isnan(result.heads.front().*analysis::find_measure(flags.sort, "--sort").value))
            console.warn("--sort " + flags.sort + ": no head has a value of it");
    }
    if (flags.top > 0 && flags.top < result.heads.size()) {
        result.heads.resize(flags.top);
        if (!result.head_sources.empty()) result.head_sources.resize(flags.top);
    }
    if (flags.json) {
        console.document(pipeline::stats_json(result));
        return;
    }
    if (flags.csv) {
        print_stats_csv(result, console);
        return;
    }
    print_stats(result, flags.columns, flags.sort, console);
    print_similarity(result, console);
    print_sink_rates(result, console);
}

int execute(StatsFlags& flags, const CommandLine& line) {
    if (!flags.columns.empty()) parse_columns(flags.columns);
    if (!flags.sort.empty()) analysis::find_measure(flags.sort, "--sort");
    if (flags.json && flags.csv) fail("--json and --csv exclude each other");
    if ((flags.json || flags.csv) && flags.request.received == "-")
        fail("--received - and ", flags.json ? "--json" : "--csv",
             " both want standard output; give --received FILE.npy");
    if (flags.request.received && flags.sources.size() > 1)
        fail("--received: holds the keys of one source, not of ", flags.sources.size());
    pipeline::StatsResult result;
    const int code = for_each_source(
        flags.sources, line.console,
        [&](const std::string& source) {
            flags.request.from.source = source;
            ProgressBar bar(line.console, line.global.quiet);
            auto found = pipeline::measure(flags.request, bar.progress(), line.console.warnings());
            if (flags.sources.size() == 1)
                result = std::move(found);
            else
                pipeline::append(result, std::move(found), source);
            return 0;
        },
        flags.request.ranks);
    if (flags.request.received == "-") return 0;  // standard output holds the array
    if (result.heads.empty() && code != 0) return code;
    print(flags, result, line.console);
    return code;
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
    for (const Measure& measure : analysis::measures()) names.emplace_back(measure.name);
    return names;
}

}  // namespace

void add_stats_command(CLI::App& app, CommandLine& line) {
    Command command(app, line, "stats", "Numbers for every layer and head");
    const auto flags = std::make_shared<StatsFlags>();
    add_source_flags(command, flags->request.from, flags->sources);
    add_token_flags(command, flags->request.from);
    command
        .text("--columns,--measures", "LIST", flags->columns,
              "Measures to print (default: the usual ones; on a terminal those that fit)")
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
    command.divided_action([flags, &line] {
        flags->request.ranks = line.ranks;
        return execute(*flags, line);
    });
}

}  // namespace attn::app
