// run: compute attention and write what was asked for.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "attention_flags.hpp"
#include "check_place.hpp"
#include "commands.hpp"
#include "core/parallel.hpp"
#include "core/phase_clock.hpp"
#include "core/shell_word.hpp"
#include "core/word_list.hpp"
#include "heatmap_flags.hpp"
#include "input_flags.hpp"
#include "output_policy_flags.hpp"
#include "pipeline/run.hpp"
#include "progress_bar.hpp"
#include "timing_table.hpp"
#include "written_files.hpp"

namespace attn::app {
namespace {

struct RunFlags {
    pipeline::RunRequest request;
    bool list = false;
    bool json = false;
    bool timing = false;
};

void add_run_input_flags(Command& command, source::ComputedRequest& request) {
    add_input_flags(command, request);
    command.text("--tokens", "FILE", request.tokens, "Labels: a JSON array, or one token a line");
    command.text("--key-tokens", "FILE", request.key_tokens,
                 "Labels of the keys where they are not the queries");
    command.choice(
        "--precision", {"f32", "f64"},
        [&request](const std::string& name) {
            request.precision = name == "f64" ? source::Precision::f64 : source::Precision::f32;
        },
        "f32 or f64 (default f32)");
    command.choice(
        "--engine", {"tiled", "xtensor"},
        [&request](const std::string& name) {
            request.attention.engine = name == "xtensor" ? Engine::xtensor : Engine::tiled;
        },
        "What computes attention: tiled (default), or xtensor, the definition written out: the "
        "same within rounding, many times slower, and each thread holds the keys and values of a "
        "head a few times over");
}

void add_output_flags(Command& command, RunFlags& flags, const CommandLine& line) {
    command.heading("Output");
    pipeline::RunRequest& request = flags.request;
    command
        .text("-o,--output", "DIR", request.output,
              "Folder for the results; created, or replaced where an earlier run wrote it")
        .required();
    add_output_policy_flags(command, request.policy, line.console);
    command.on("--resume", request.resume,
               "Go on at the first layer that a run of the same flags and inputs into this folder, "
               "with --resume too, had not completed when it was killed");
    command.on("--ring", request.ring,
               "Of attn-inspect-mpi: no rank holds all keys and values; they go round among the "
               "ranks, each of which computes its own tokens through all layers. Saves context, "
               "logsumexp, output, hidden, logits and probs, within rounding of what one process "
               "writes; --save names them; without --mask, --bias, caches, --context, --resume, "
               "--verify and --engine xtensor, and as .npy");
    command
        .parsed(
            "--save", "LIST",
            [&request](const std::string& list) { request.save = results::parse_save(list); },
            joined(results::save_names(), ", ") +
                "; of checkpoints only: " + joined(results::model_save_names(), ", ") +
                " (default " + joined(results::usual_save_names(), ",") + ")")
        .completes_list(results::save_names());
    command.choice(
        "--format", {"npy", "npz", "safetensors"},
        [&request](const std::string& name) {
            for (const auto format : {results::ArrayFormat::npy, results::ArrayFormat::npz,
                                      results::ArrayFormat::safetensors}) {
                if (name == results::name_of(format)) request.format = format;
            }
        },
        "npy: a file for each array (default); npz, safetensors: one for each layer, "
        "layer00/arrays.npz");
    command.choice(
        "--scores-at", {"scaled", "softcapped", "biased"},
        [&request](const std::string& stage) {
            request.input.attention.scores_at = stage == "scaled"       ? ScoreStage::scaled
                                                : stage == "softcapped" ? ScoreStage::softcapped
                                                                        : ScoreStage::biased;
        },
        "Which scores are saved: scaled, softcapped, or biased (default: what softmax saw)");
    command.on("--verify", request.verify,
               "Compute a sample of rows (all where they are few) again by the definition in "
               "float64; exit code 1, and the place, where they differ by more than rounding "
               "explains");
    command.text("--norm-weight", "ARRAY", request.norm_weight,
                 "For contributions and mixing_ratio: weight of the LayerNorm behind the residual "
                 "(default: the checkpoint's norms, else none)");
    command.text("--norm-bias", "ARRAY", request.norm_bias, "Its bias");
    command.text("--grid", "RxC", request.grid,
                 "For stats: keys are patches of a picture, as in attn-inspect stats --grid");
    command.indices("--layers,--layer", request.layers,
                    "Save and draw only these layers, such as 0,3-5");
    command.indices("--head,--select-heads", request.heads, "Save and draw only these heads");
    add_list_flag(command, flags.list);
    command.on("--json", flags.json, "Print the manifest instead of what was written");
    add_digest_flag(command, request.policy);
    add_array_io_flag(command, request.policy, line);
    command.on("--timing", flags.timing,
               "Say on standard error, and with --json under timing, where the time went");
}

// A line for each check that failed. Whether one did.
bool complain_of(const results::CheckResult& result, Console& console) {
    for (const results::CheckLine& check : result.lines) {
        if (check.verdict != results::Verdict::fail) continue;
        const std::string place =
            check.place ? " (" + place_text(*check.place, result.batch) + ")" : "";
        console.complain("check: " + check.name + ": " + check.message + place);
    }
    return result.failed();
}

bool keeps_weights(const results::RunManifest& manifest) {
    return std::any_of(manifest.files.begin(), manifest.files.end(), [](const std::string& file) {
        return std::filesystem::path(file).stem() == "weights";
    });
}

std::size_t threads_of(const GlobalOptions& global) {
    return global.threads == 0 ? available_threads() : global.threads;
}

int execute(const RunFlags& flags, const CommandLine& line) {
    results::RunManifest manifest;
    {
        std::optional<PhaseClock> clock;
        if (flags.timing) clock.emplace();
        ProgressBar bar(line.console, line.global.quiet);
        manifest = pipeline::run(flags.request, bar.progress(), line.console.warnings());
        if (clock) manifest.timing = {clock->times(threads_of(line.global)), line.ranks.received()};
    }
    if (manifest.timing) print_timing(*manifest.timing, line.console);
    const auto& verification = manifest.verification;
    if (flags.json) {
        line.console.document(results::write_manifest(manifest));
    } else if (!line.global.quiet) {
        std::vector<std::string> paths;
        for (const std::string& file : manifest.files)
            paths.push_back((std::filesystem::path(flags.request.output) / file).string());
        print_written(paths, flags.list, line.console);
        if (!flags.list && keeps_weights(manifest))
            line.console.line("to explore: attn-inspect report " +
                              shell_word(flags.request.output) + " -o page.html");
        if (verification && !verification->first)
            line.console.line(analysis::describe(*verification));
    }
    const bool failed = manifest.check && complain_of(*manifest.check, line.console);
    if (!verification || !verification->first) return failed ? 1 : 0;
    line.console.complain("verify: " + analysis::describe(*verification->first));
    return 1;
}

}  // namespace

void add_run_command(CLI::App& app, CommandLine& line) {
    Command command(app, line, "run", "Compute attention and write arrays and pictures");
    const auto flags = std::make_shared<RunFlags>();
    add_run_input_flags(command, flags->request.input);
    add_attention_flags(command, flags->request.input.attention);
    add_output_flags(command, *flags, line);
    add_heatmap_flags(
        command, flags->request.heatmaps,
        {"--color-scale", "--picture-format", "Format of the pictures (default png)"});
    command.usual(
        {"--embeddings", "--weights", "--token-ids", "--token-type-ids", "--positions", "--query",
         "--key", "--value", "--heads", "--causal", "--mask", "--tokens", "--save", "--output"},
        "attn-inspect run -x embeddings.npy -w weights.npz --heads 8 --causal -o out");
    command.divided_action([flags, &line] {
        flags->request.ranks = line.ranks;
        flags->request.heatmaps.origin.command = line.text;
        return execute(*flags, line);
    });
}

}  // namespace attn::app
