// rollout: which input tokens is each token made of?
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "attention_flags.hpp"
#include "commands.hpp"
#include "core/index_list.hpp"
#include "core/word_list.hpp"
#include "flags.hpp"
#include "heatmap_flags.hpp"
#include "input_flags.hpp"
#include "io/sequence_labels.hpp"
#include "output_policy_flags.hpp"
#include "pipeline/rollout.hpp"
#include "progress_bar.hpp"
#include "source_flags.hpp"
#include "table.hpp"
#include "written_files.hpp"

namespace attn::app {
namespace {

using pipeline::RolloutRequest;
using pipeline::RolloutResult;

struct RolloutFlags {
    RolloutRequest request;
    bool json = false;
};

std::string token_text(const std::vector<std::string>& labels, std::size_t token) {
    const std::string number = std::to_string(token);
    return labels.empty() ? number : number + " " + labels[token];
}

// A table of the largest inputs, or of the largest tokens of the encoder.
void print_targets(const RolloutResult& result, bool of_encoder, Console& console) {
    std::vector<std::vector<std::string>> rows{{"target"}};
    const auto& targets = result.summary.targets;
    const bool heads = !targets.empty() && targets.front().head.has_value();
    if (heads) rows.front().insert(rows.front().begin(), "head");
    if (result.batch) rows.front().insert(rows.front().begin(), "seq");
    const auto top_of = [&](const results::RolloutTarget& target) -> const results::RolloutTop& {
        return of_encoder ? target.cross_top : target.top;
    };
    const std::size_t inputs = targets.empty() ? 0 : top_of(targets.front()).size();
    const char* const made =
        of_encoder ? "made of the encoder's tokens" : "made of (largest first)";
    for (std::size_t i = 0; i < inputs; ++i) rows.front().push_back(i == 0 ? made : "");
    for (const results::RolloutTarget& target : targets) {
        std::vector<std::string> row;
        if (result.batch) row.push_back(std::to_string(target.sequence));
        if (heads) row.push_back(std::to_string(*target.head));
        row.push_back(token_text(io::labels_of(result.queries, target.sequence), target.query));
        const auto& keys =
            io::labels_of(of_encoder ? result.encoder_keys : result.keys, target.sequence);
        for (const auto& [key, value] : top_of(target))
            row.push_back(token_text(keys, key) + ": " + number_text(value, 3));
        rows.push_back(std::move(row));
    }
    print_table(console, rows, rows.front().size());
}

void print(const RolloutResult& result, Console& console) {
    print_targets(result, false, console);
    const auto& targets = result.summary.targets;
    if (!targets.empty() && !targets.front().cross_top.empty()) {
        console.line("");
        print_targets(result, true, console);
    }
    if (result.summary.specificity)
        console.line("specificity " + number_text(*result.summary.specificity, 3) +
                     " (0: all targets read the same)");
    if (result.summary.flow_saturation)
        console.line("flow saturation " + number_text(*result.summary.flow_saturation, 3) +
                     " (1: only the first and last layer matter)");
    print_written(result.files, false, console);
}

int execute(const RolloutFlags& flags, const CommandLine& line) {
    RolloutResult result;
    {
        ProgressBar bar(line.console, line.global.quiet);
        result = pipeline::rollout(flags.request, bar.progress(), line.console.warnings());
    }
    if (flags.json)
        line.console.document(results::rollout_json(result.summary));
    else if (!line.global.quiet)
        print(result, line.console);
    return 0;
}

void add_rollout_source(Command& command, RolloutRequest& request) {
    command
        .text("source", "SOURCE", request.from.source,
              "A folder that run wrote, or arrays with layers: [layers, heads, q, k] or [layers, "
              "batch, heads, q, k], or those of many layers; without it attention is computed from "
              "--embeddings and --weights")
        .completes(Completion::array);
    add_axes_flag(command, "--axes", request.from.axes, "Axes of the arrays");
    command.indices("--layer,--layers", request.from.layers, "Only these layers, such as 0,3-5");
    command.indices("--head,--select-heads", request.from.heads, "Only these heads");
    command.indices("--seq", request.from.sequences, "Only these sequences of the batch");
    add_precision_flag(command, request.from.precision);
    add_token_flags(command, request.from);
}

// The word's place among the choices as a value of the kind.
template <class Kind>
void add_kind(Command& command, const std::string& flag, const std::vector<std::string>& words,
              std::optional<Kind>& target, const std::string& help) {
    command.choice(
        flag, words,
        [words, &target](const std::string& word) {
            for (std::size_t i = 0; i < words.size(); ++i) {
                if (words[i] == word) target = static_cast<Kind>(i);
            }
        },
        help);
}

void add_method_flags(Command& command, RolloutRequest& request) {
    command.heading("How layers become one");
    command.choice(
        "--method", pipeline::rollout_method_names(),
        [&request](const std::string& name) {
            const auto& names = pipeline::rollout_method_names();
            for (std::size_t i = 0; i < names.size(); ++i) {
                if (names[i] == name) request.method = static_cast<pipeline::RolloutMethod>(i);
            }
        },
        "attention: product of the layers (Abnar & Zuidema 2020; default); flow: the largest flow "
        "through them as pipes; relevance: gradient times weight, relu before the mean over heads, "
        "added up over the layers (Chefer et al. 2021); gradient-rollout: relu behind that mean, "
        "and multiplied as attention is; contributions: product of what the values add (Ferrando "
        "et al. 2022). They tell how attention routes "
        "inputs, not how much these matter");
    add_kind(command, "--fuse", {"mean", "max", "min", "per-head"}, request.fuse,
             "Heads into one matrix: mean (default), max, min; per-head: those of the last layer "
             "stay apart");
    command.text("--head-weights", "ARRAY", request.head_weights,
                 "Weights of the heads in the mean, [layers, heads], 0 or more");
    command.real("--residual", request.residual, RealRange::between(0, 1),
                 "Share of the identity in each layer, 0 to 1 (default 0.5)");
    command.on("--no-residual", request.no_residual, "The same as --residual 0");
    add_kind(command, "--renormalise", {"after", "before", "none"}, request.renormalise,
             "Divide rows by their sums: after the residual was added (default), before, or none, "
             "which shows what a sink took");
    command.real("--discard", request.discard, RealRange::between(0, 1),
                 "Set this share of the smallest cells to 0, those of key 0 and of --cross never "
                 "(default 0)");
    add_kind(command, "--discard-scope", {"matrix", "row"}, request.discard_scope,
             "Smallest of the matrix (default) or of each row; masked cells do not count");
    add_kind(command, "--first-key", {"keep", "residual", "drop"}, request.first_key,
             "Attention to key 0: keep (default); residual: it counts as attention to oneself; "
             "drop: it is left out");
    command.whole("--start-layer", request.start_layer, {0, 1 << 20},
                  "The lowest layer that takes part (default 0)");
    command.on("--normalise", request.normalise, "Divide rows of flows by their sums");
    command.text(
        "--cross", "ARRAY", request.cross,
        "Cross-attention of the decoder, [layers, (batch,) heads, queries, keys of the "
        "encoder]; SOURCE, or what is computed, is its self-attention, --key-tokens label the "
        "encoder's tokens");
    command.text("--encoder", "ARRAY", request.encoder,
                 "Self-attention of the encoder; without it its states are its inputs");
    command.text(
        "--gradients", "ARRAY|DIR", request.gradients,
        "Gradients of a loss with respect to the weights, of the shape of SOURCE or of what "
        "is computed, bottom layer first; or a folder that grad wrote");
    command.text("--cross-gradients", "ARRAY|DIR", request.cross_gradients,
                 "The same for the weights of --cross");
    command.text("--encoder-gradients", "ARRAY|DIR", request.encoder_gradients,
                 "The same for the weights of --encoder");
}

void add_result_flags(Command& command, RolloutRequest& request, bool& json,
                      const CommandLine& line) {
    command.heading("Results");
    command.parsed(
        "--targets", "LIST|last",
        [&request](const std::string& text) {
            request.last_target = text == "last";
            if (!request.last_target) request.targets = parse_index_list(text, "--targets");
        },
        "Only these tokens at the top, such as 0,3-5, or the last one (default: all, of more than "
        "4096 tokens the last)");
    command.indices("--sources", request.sources,
                    "Only these input tokens, for all tokens at the top");
    command.choice(
        "--baseline", {"uniform"},
        [&request](const std::string&) { request.uniform_baseline = true; },
        "Also lift.npy: how much more than uniform attention would give");
    command.text("--grid", "RxC", request.grid,
                 "Also map.npy [targets, R, C]: tokens are patches of a picture, 14x14, or 14x14+1 "
                 "where a class token comes first; cross_map.npy of the encoder's tokens, with "
                 "--cross");
    command.text("--image", "FILE.png|jpg", request.image,
                 "Also photo.png: the shares of the patches drawn over this picture, a panel a "
                 "target (default: the class token)");
    command.whole("--top", request.top, {1, 1 << 20}, "Print the N largest inputs (default 5)");
    command.on("--json", json,
               "Print JSON: {\"method\", \"layers\", \"specificity\", \"flow_saturation\", "
               "\"targets\", \"warnings\"}");
    command.text("-o,--output", "DIR", request.output, "Folder for the arrays and the picture");
    add_output_policy_flags(command, request.policy, line.console);
    add_digest_flag(command, request.policy);
    add_array_io_flag(command, request.policy, line);
    command
        .parsed(
            "--save", "LIST",
            [&request](const std::string& list) {
                request.save = pipeline::parse_rollout_save(list);
            },
            "What the folder gets: " + joined(pipeline::rollout_save_names()) +
                "; layers: the product up to each layer (default rollout,heatmaps)")
        .completes_list(pipeline::rollout_save_names());
}

}  // namespace

void add_rollout_command(CLI::App& app, CommandLine& line) {
    Command command(app, line, "rollout", "Which input tokens is each token made of?");
    const auto flags = std::make_shared<RolloutFlags>();
    RolloutRequest& request = flags->request;
    add_rollout_source(command, request);
    add_input_flags(command, request.computed);
    add_attention_flags(command, request.attention);
    add_method_flags(command, request);
    add_result_flags(command, request, flags->json, line);
    add_heatmap_flags(command, request.heatmaps,
                      {"--color-scale", "--picture-format", "Format of the picture (default png)"});
    command.usual({"--method", "--fuse", "--residual", "--first-key", "--targets", "--sources",
                   "--baseline", "--tokens", "--output", "--save", "--json"},
                  "attn-inspect rollout out --targets last --first-key residual");
    command.divided_action([flags, &line] {
        flags->request.heatmaps.origin.command = line.text;
        // Products up to each layer are written where they are made.
        if (flags->request.save.layers)
            return on_rank_0(line, "rollout --save layers", [&] { return execute(*flags, line); });
        flags->request.ranks = line.ranks;
        return execute(*flags, line);
    });
}

}  // namespace attn::app
