// approx: what would a cheaper attention do to these heads, and what would it save?
#include <memory>
#include <string>

#include "approx_table.hpp"
#include "attention_flags.hpp"
#include "commands.hpp"
#include "core/error.hpp"
#include "core/word_list.hpp"
#include "flags.hpp"
#include "heatmap_flags.hpp"
#include "input_flags.hpp"
#include "output_policy_flags.hpp"
#include "pipeline/approx.hpp"
#include "progress_bar.hpp"
#include "source_flags.hpp"

namespace attn::app {
namespace {

struct ApproxFlags {
    pipeline::ApproxRequest request;
    ApproxTableChoice table;
    bool list = false;
    bool json = false;
    bool csv = false;
    std::optional<std::size_t> seed;
};

void add_approx_source(Command& command, ApproxFlags& flags) {
    pipeline::ApproxRequest& request = flags.request;
    command
        .text("source", "SOURCE", request.from.source,
              "Stored attention instead of what it is computed from: a folder that run wrote, or "
              "arrays [q, k], [heads, q, k] or with layers. Only methods that choose keys by "
              "position or weight apply; all do where run saved q, k and v")
        .completes(Completion::array);
    add_axes_flag(command, "--axes", request.from.axes, "Axes of the arrays of SOURCE");
    command.indices("--layer,--layers", request.from.layers, "Only these layers, such as 0,3-5");
    command.indices("--head,--select-heads", request.from.heads, "Only these heads");
    command.indices("--seq", request.from.sequences, "Only these sequences of the batch");
    add_precision_flag(
        command, request.from.precision, request.input.precision,
        "f32 or f64 (default f32; of SOURCE f64 where its arrays are float64 or JSON)");
}

// Lengths whose FLOPs fit into 64 bits, of any model.
std::vector<std::size_t> parse_lengths(const std::string& list) {
    std::vector<std::size_t> lengths;
    for (const std::string& length : split_list(list))
        lengths.push_back(
            static_cast<std::size_t>(parse_whole(length, {1, std::int64_t{1} << 22}, "--growth")));
    return lengths;
}

// Shares from 0 to 1.
std::vector<double> parse_shares(const std::string& list) {
    std::vector<double> shares;
    for (const std::string& share : split_list(list))
        shares.push_back(parse_real(share, RealRange::between(0, 1), "--budget"));
    return shares;
}

void add_method_choice(Command& command, ApproxFlags& flags) {
    pipeline::ApproxRequest& request = flags.request;
    command.heading("Methods");
    command.text(
        "--method,--methods", "LIST", request.methods,
        "Names with options, name:option=value:…, with commas between them; several "
        "values of a number are a row each (local:window=16+32), masks are joined by / "
        "(local/strided:stride=8); all; must: the usual ones (default, but for --needs alone)");
    command.parsed(
        "--budget", "F,F,…",
        [&request](const std::string& list) { request.budgets = parse_shares(list); },
        "The main option of each method (window, k, …) at these shares of its top, 0 to 1 "
        "(default: as the options say; with all 0.05,0.1,0.25,0.5)");
    command.text("--head-budgets", "FILE", request.head_budgets,
                 "needs.json of --needs -o DIR: every head with its own budget, for local, topk, "
                 "svd, lowrank-scores, evict and quant");
    command.text("--linformer-e", "FILE", request.linformer_e,
                 "E of linformer:projection=file, [k, keys] or [keys, k]; a longer one is cut");
    command.text("--linformer-f", "FILE", request.linformer_f,
                 "F of it, of the same k (share=1: E again)");
    command.parsed(
        "--upstream", "ARRAY|sum|energy|token:I|logit:P,T",
        [&request](const std::string& text) { request.upstream = source::parse_upstream(text); },
        "For prune-heads:by=grad the gradient that grad would begin with");
    command.whole("--seed", flags.seed, {0, (std::int64_t{1} << 53)},
                  "Seed of random methods (default 0)");
    command.whole("--seeds", request.seeds, {1, 1000},
                  "Run random methods with so many seeds, the first is --seed: means, and the "
                  "standard deviation (default 1)");
    command.whole("--element-bytes", request.element_bytes, {1, 16},
                  "Bytes of a number in what methods keep and read (default 4)");
    command.whole("--top-keys", request.top_keys, {1, 1 << 20},
                  "How many of the largest keys top8 compares (default 8)");
    command.on("--list", flags.list, "The methods: options, defaults, what they need; and no more");
}

void add_approx_results(Command& command, ApproxFlags& flags, const CommandLine& line) {
    pipeline::ApproxRequest& request = flags.request;
    command.heading("Results");
    command.on("--per-head", request.per_head, "A line for each head");
    command.text("--columns,--measures", "LIST", flags.table.columns, "Measures of the table");
    command.text("--sort", "NAME", flags.table.sort, "Largest of this measure first");
    command.whole("--top", flags.table.top, {1, 1 << 30}, "Print N lines");
    command.choice(
        "--target", pipeline::approx_targets(),
        [&request](const std::string& name) {
            const auto& names = pipeline::approx_targets();
            for (std::size_t i = 0; i < names.size(); ++i) {
                if (names[i] == name) request.target = static_cast<pipeline::ApproxTarget>(i);
            }
        },
        "Which error --needs and --max-error mean: context (default), weights, output (behind "
        "W_O) or mass (lost; default of SOURCE without --value)");
    command.on("--needs", request.needs,
               "What each head needs for a small error: spans of its attention, a window, keys a "
               "row, ranks, bits; and a verdict");
    command.parsed(
        "--target-error", "E",
        [&request](const std::string& text) {
            request.needs = true;
            request.target_error = parse_real(text, RealRange::tolerance(), "--target-error");
        },
        "The largest error for --needs (default 0.05)");
    command.parsed(
        "--growth", "N,N,…",
        [&request](const std::string& list) { request.growth = parse_lengths(list); },
        "What layers cost with N tokens: attention, the methods local, linear and performer, and "
        "RNN, GRU and LSTM of the same width");
    const Flag time =
        command.on("--time", request.time,
                   "Run exact attention and the methods that have a fast path of their own for "
                   "real: local, block, strided, fixed, global, topk, linformer, nystrom, "
                   "lowrank-scores, lowrank-values, performer, linear, cosformer; of the others a "
                   "time would be a lie");
    command
        .whole("--repeat", request.repeat, {1, 1000},
               "The fastest of so many runs counts (default 5)")
        .needs(time);
    command.real("--max-error", request.max_error, RealRange::tolerance(),
                 "Exit code 1 when a method's error in any layer is above X");
    command.on("--json", flags.json,
               "Print JSON: {\"exact\": {…}, \"methods\": […], \"needs\": […]}");
    command.on("--csv", flags.csv, "Print CSV: every measure");
    command.text("-o,--output", "DIR", request.output,
                 "Folder for approx.json, approx.csv and needs.json; created, or replaced where "
                 "approx wrote "
                 "it");
    command.on(
        "--no-pictures", [&request] { request.pictures = false; },
        "No pictures in the folder of --output");
    command
        .parsed(
            "--save", "LIST",
            [&request](const std::string& list) {
                request.save = results::parse_implied_save(list);
            },
            "Also arrays of each method: weights, context, keep (1: this key is kept), in "
            "layerLL/<method>/; of random methods of the first seed")
        .completes_list(results::implied_save_names());
    add_output_policy_flags(command, request.policy, line.console);
    add_digest_flag(command, request.policy);
    add_array_io_flag(command, request.policy, line);
    command.heading(kPictures);
    add_color_flags(command, request.heatmaps);
    add_size_flags(command, request.heatmaps);
}

std::string describe_approx_measures() {
    std::string text = "Measures:";
    for (const analysis::ApproxMeasure& measure : analysis::approx_measures())
        text += std::string("\n  ") + measure.name + ": " + measure.meaning;
    return text;
}

int execute_approx(ApproxFlags& flags, const CommandLine& line) {
    Console& console = line.console;
    if (flags.list) {
        print_methods(console);
        return 0;
    }
    flags.request.seed = flags.seed;
    // What is not printed as a table is whole.
    if (!flags.json && !flags.csv && flags.request.output.empty())
        flags.request.shown = shown_measures(flags.table);
    if (!flags.table.sort.empty()) analysis::find_approx_measure(flags.table.sort, "--sort");
    if (!flags.table.columns.empty()) {
        for (const std::string& name : split_list(flags.table.columns))
            analysis::find_approx_measure(name, "--columns");
    }
    pipeline::ApproxResult result;
    {
        ProgressBar bar(console, line.global.quiet);
        result = pipeline::approximate(flags.request, bar.progress(), console.warnings());
    }
    // Without methods the table is exact attention alone, which nobody asked for.
    const bool only_growth =
        result.report.growth && !result.report.needs && flags.request.methods.empty();
    const bool only_needs = result.report.needs && flags.request.methods.empty();
    if (flags.json) {
        console.document(results::approx_json(result.report));
    } else if (flags.csv && only_growth) {
        console.document(results::growth_csv(result.report));
    } else if (flags.csv) {
        console.document(only_needs ? results::needs_csv(result.report)
                                    : results::approx_csv(result.report));
    } else {
        if (!only_needs && !only_growth) print_approx(result.report, flags.table, console);
        if (result.report.needs) print_needs(result.report, console);
        if (result.report.growth) print_growth(result.report, console);
    }
    for (const std::string& text : result.above) console.complain("--max-error: " + text);
    return result.above.empty() ? 0 : 1;
}

}  // namespace

void add_approx_command(CLI::App& app, CommandLine& line) {
    Command command(app, line, "approx", "What would a cheaper attention do to these heads?");
    const auto flags = std::make_shared<ApproxFlags>();
    add_approx_source(command, *flags);
    add_input_flags(command, flags->request.input);
    add_attention_flags(command, flags->request.input.attention);
    add_method_choice(command, *flags);
    add_approx_results(command, *flags, line);
    command.footer(describe_approx_measures());
    command.usual(
        {"--embeddings", "--weights", "--query", "--key", "--value", "--causal", "--method",
         "--budget", "--per-head", "--max-error", "--list", "--json", "--output"},
        "attn-inspect approx -x embeddings.npy -w weights.npz --method local,topk");
    command.divided_action([flags, &line] {
        // Stored attention has values alone out of q, k and v.
        pipeline::ApproxRequest& request = flags->request;
        request.command = line.text;
        if (!request.from.source.empty()) request.value.swap(request.input.value);
        // Ranks that share a machine would disturb what is timed.
        if (request.time)
            return on_rank_0(line, "approx --time", [&] { return execute_approx(*flags, line); });
        request.ranks = line.ranks;
        return execute_approx(*flags, line);
    });
}

}  // namespace attn::app
