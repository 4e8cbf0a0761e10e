// run: compute attention and write what was asked for.
#include <filesystem>
#include <memory>
#include <string>

#include "attention_flags.hpp"
#include "commands.hpp"
#include "core/index_list.hpp"
#include "heatmap_flags.hpp"
#include "input_flags.hpp"
#include "output_policy_flags.hpp"
#include "pipeline/run.hpp"
#include "progress_bar.hpp"

namespace attn::app {
namespace {

struct RunFlags {
    pipeline::RunRequest request;
    bool json = false;
};

void add_run_input_flags(CLI::App& command, pipeline::RunRequest& request) {
    add_input_flags(command, request);
    const std::string group = "Input";
    command.add_option("--tokens", request.tokens, "Labels: a JSON array, or one token a line")
        ->type_name("FILE")
        ->group(group);
    command
        .add_option("--key-tokens", request.key_tokens,
                    "Labels of the keys where they are not the queries")
        ->type_name("FILE")
        ->group(group);
    command
        .add_option_function<std::string>(
            "--precision",
            [&request](const std::string& name) {
                request.precision =
                    name == "f64" ? pipeline::Precision::f64 : pipeline::Precision::f32;
            },
            "f32 or f64 (default f32)")
        ->check(CLI::IsMember({"f32", "f64"}))
        ->type_name("P")
        ->group(group);
}

void add_output_flags(CLI::App& command, RunFlags& flags, Console& console) {
    const std::string group = "Output";
    pipeline::RunRequest& request = flags.request;
    command
        .add_option("-o,--output", request.output,
                    "Folder for the results; created, or replaced where an earlier run wrote it")
        ->type_name("DIR")
        ->required()
        ->group(group);
    add_output_policy_flags(command, request.policy, console, group);
    command
        .add_option_function<std::string>(
            "--save",
            [&request](const std::string& list) { request.save = pipeline::parse_save(list); },
            "scores, weights, context, output, present, q, k, v, logsumexp, received, heatmaps, "
            "stats; "
            "of "
            "checkpoints hidden, logits, probs (default scores,weights,output,heatmaps)")
        ->type_name("LIST")
        ->group(group);
    command
        .add_option_function<std::string>(
            "--format",
            [&request](const std::string& name) {
                for (const auto format : {pipeline::ArrayFormat::npy, pipeline::ArrayFormat::npz,
                                          pipeline::ArrayFormat::safetensors}) {
                    if (name == pipeline::name_of(format)) request.format = format;
                }
            },
            "npy: a file for each array (default); npz, safetensors: one for each layer, "
            "layer00/arrays.npz")
        ->check(CLI::IsMember({"npy", "npz", "safetensors"}))
        ->type_name("FORMAT")
        ->group(group);
    command
        .add_option("--grid", request.grid,
                    "For stats: keys are patches of a picture, as in attn-inspect stats --grid")
        ->type_name("RxC")
        ->group(group);
    command
        .add_option_function<std::string>(
            "--layers",
            [&request](const std::string& list) {
                request.layers = parse_index_list(list, "--layers");
            },
            "Save and draw only these layers, such as 0,3-5")
        ->type_name("LIST")
        ->group(group);
    command
        .add_option_function<std::string>(
            "--head",
            [&request](const std::string& list) {
                request.selected_heads = parse_index_list(list, "--head");
            },
            "Save and draw only these heads")
        ->type_name("LIST")
        ->group(group);
    command.add_flag("--json", flags.json, "Print the manifest instead of the list of files")
        ->group(group);
}

int execute(const RunFlags& flags, const CommandLine& line) {
    pipeline::RunManifest manifest;
    {
        ProgressBar bar(line.console, line.global.quiet);
        manifest = pipeline::run(flags.request, bar.progress(), [&line](const std::string& text) {
            if (!line.global.quiet) line.console.warn(text);
        });
    }
    if (flags.json) {
        line.console.document(pipeline::write_manifest(manifest));
    } else if (!line.global.quiet) {
        for (const std::string& file : manifest.files)
            line.console.line((std::filesystem::path(flags.request.output) / file).string());
    }
    return 0;
}

}  // namespace

void add_run_command(CLI::App& app, CommandLine& line) {
    CLI::App& command =
        *app.add_subcommand("run", "Compute attention and write arrays and pictures");
    const auto flags = std::make_shared<RunFlags>();
    add_run_input_flags(command, flags->request);
    add_attention_flags(command, flags->request.attention);
    add_output_flags(command, *flags, line.console);
    add_heatmap_flags(command, flags->request.heatmaps, "--color-scale");
    command.callback(
        [flags, &line] { line.action = [flags, &line] { return execute(*flags, line); }; });
}

}  // namespace attn::app
