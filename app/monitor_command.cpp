// monitor: the same attention over training.
#include <memory>
#include <string>
#include <vector>

#include "attention_flags.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/numbers.hpp"
#include "core/word_list.hpp"
#include "input_flags.hpp"
#include "output_policy_flags.hpp"
#include "pipeline/monitor.hpp"
#include "progress_bar.hpp"
#include "results/training_pictures.hpp"
#include "source_flags.hpp"
#include "table.hpp"
#include "written_files.hpp"

namespace attn::app {
namespace {

struct MonitorFlags {
    pipeline::MonitorRequest request;
    bool json = false;
    bool csv = false;
    bool list = false;
};

std::vector<std::string> parse_plots(const std::string& list) {
    if (list == "none") return {};
    const std::vector<std::string>& known = results::training_plot_names();
    std::vector<std::string> names = split_list(list);
    for (const std::string& name : names) {
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        fail("--plots ", quoted(name), ": is no measure that is drawn",
             did_you_mean(name, known, "; there are " + joined(known) + ", and none"));
    }
    return names;
}

void add_step_flags(Command& command, MonitorFlags& flags) {
    pipeline::MonitorRequest& request = flags.request;
    command
        .texts("source", "SOURCE…", request.sources,
               "Attention that was saved at each step: folders that run wrote, arrays [q, k], "
               "[heads, q, k], [layers, heads, q, k] or [layers, batch, heads, q, k], or one "
               "folder in which they are. Their names say the steps")
        .completes(Completion::array);
    command
        .texts("--checkpoints", "FILE|DIR…", request.checkpoints,
               "Instead: weights of each step, as --weights of run takes them, or one folder in "
               "which they are; the same input goes through all")
        .completes(Completion::file);
    command.text(
        "--steps", "LIST", request.steps,
        "The steps, such as 0,100,2k, in the order of the sources (default: the number "
        "behind step, iter, checkpoint or ckpt in their names, else epoch, else the last)");
    command.on("--steps-axis", request.steps_axis,
               "The first axis of the one array are the steps that --steps names");
    add_axes_flag(command, "--axes", request.from.axes, "Axes of the array of one step");
    command.indices("--layer,--layers", request.from.layers, "Only these layers, such as 0,3-5");
    command.indices("--head,--select-heads", request.from.heads, "Only these heads");
    command.indices("--seq", request.from.sequences, "Only these sequences of the batch");
    command.on("--per-sequence", request.per_sequence,
               "Also series of each sequence of a batch; alarms are of their mean");
    command.parsed(
        "--grad", "ARRAY|sum|energy|token:I|logit:P,T",
        [&request](const std::string& text) {
            request.upstream = source::parse_upstream(text, "--grad");
        },
        "Of checkpoints: also how gradients pass heads and layers, from this upstream as "
        "--upstream of grad takes it");
    add_precision_flag(command, request.from.precision, request.input.precision,
                       "f32 or f64 (default: f32; of saved attention their own)");
}

void add_alarm_flags(Command& command, pipeline::MonitorRequest& request) {
    command.heading("Alarms");
    command
        .parsed(
            "--alarm", "NAME=THRESHOLD[:PATIENCE]",
            [&request](const std::string& list) {
                for (const std::string& text : split_list(list))
                    request.changed.push_back(
                        analysis::change_rule(request.rules, text, "--alarm"));
            },
            "Change the number of alarms, and for how many steps in a row it must hold, such as "
            "entropy_collapse=0.05:2; several with commas")
        .completes(analysis::alarm_names());
    command.words("--only", request.only, "Only these alarms")
        .completes_list(analysis::alarm_names());
    command.words("--skip", request.skip, "Not these alarms")
        .completes_list(analysis::alarm_names());
    command.on("--strict", request.strict, "Exit code 1 for warnings, too");
}

void add_monitor_output_flags(Command& command, MonitorFlags& flags, Console& console) {
    pipeline::MonitorRequest& request = flags.request;
    command.heading("Output");
    command.text("-o,--output", "DIR", request.output,
                 "Folder for monitor.json, heads.csv, layers.csv and pictures; created, or "
                 "replaced where monitor wrote it");
    add_output_policy_flags(command, request.policy, console);
    add_list_flag(command, flags.list);
    command
        .parsed(
            "--plots", "LIST|none",
            [&request](const std::string& list) { request.plots = parse_plots(list); },
            "Measures to draw (default all that exist): " + joined(results::training_plot_names()))
        .completes_list(results::training_plot_names());
    command.on("--json", flags.json,
               "Print JSON: {\"steps\": […], \"heads\": […], \"layers\": […], \"model\": {…}, "
               "\"alarms\": […], \"passed\": …}");
    command.on("--csv", flags.csv, "Print CSV, a line a step and head");
}

std::string where_of(const analysis::Alarm& alarm) {
    std::string text;
    if (alarm.layer) text += ", layer " + std::to_string(*alarm.layer);
    if (alarm.head) text += ", head " + std::to_string(*alarm.head);
    return text;
}

void print_alarms(const results::TrainingReport& report, Console& console) {
    for (const analysis::Alarm& alarm : report.alarms) {
        std::string line = std::string(analysis::name_of(alarm.verdict)) + " " + alarm.name +
                           ": step " + std::to_string(alarm.step);
        if (alarm.since != alarm.step) line += " (since " + std::to_string(alarm.since) + ")";
        if (alarm.until) line += " until " + std::to_string(*alarm.until);
        console.line(line + where_of(alarm) + ": " + alarm.message);
    }
    using analysis::AlarmVerdict;
    console.line(counted(report.series.steps.size(), "step") + ": " +
                 counted(report.count(AlarmVerdict::alarm), "alarm") + ", " +
                 counted(report.count(AlarmVerdict::warning), "warning") + ", " +
                 counted(report.count(AlarmVerdict::event), "event"));
}

int execute(const MonitorFlags& flags, const CommandLine& line) {
    const pipeline::MonitorRequest& request = flags.request;
    if (request.sources.empty() && request.checkpoints.empty())
        fail("monitor needs SOURCE… (attention saved at each step) or --checkpoints PATH…");
    pipeline::MonitorResult result;
    {
        ProgressBar bar(line.console, line.global.quiet);
        result = pipeline::monitor(request, bar.progress(), line.console.warnings());
    }
    if (flags.json) {
        line.console.document(results::training_json(result.report, request.strict));
    } else if (flags.csv) {
        line.console.document(results::heads_csv(result.report.series));
    } else {
        print_alarms(result.report, line.console);
        if (flags.list) print_written(result.files, true, line.console);
    }
    return result.report.passed(request.strict) ? 0 : 1;
}

std::string describe_alarms() {
    std::string text = "Alarms (exit code 1), warnings (with --strict) and events (never):\n";
    for (const analysis::AlarmRule& rule : analysis::alarm_rules()) {
        std::string name = rule.name;
        name.resize(24, ' ');
        std::string verdict = analysis::name_of(rule.verdict);
        verdict.resize(9, ' ');
        text += "  " + name + verdict + rule.meaning;
        if (rule.has_threshold) text += " (" + number_text(rule.threshold) + ")";
        if (rule.patience > 1) text += ", " + counted(rule.patience, "step") + " in a row";
        text += "\n";
    }
    return text;
}

}  // namespace

void add_monitor_command(CLI::App& app, CommandLine& line) {
    Command command(app, line, "monitor",
                    "The same attention over training: what goes wrong, and when");
    const auto flags = std::make_shared<MonitorFlags>();
    add_step_flags(command, *flags);
    add_token_flags(command, flags->request.from);
    add_alarm_flags(command, flags->request);
    add_monitor_output_flags(command, *flags, line.console);
    add_input_flags(command, flags->request.input, InputKind::embeddings);
    add_attention_flags(command, flags->request.input.attention);
    command.footer(describe_alarms());
    command.usual({"--checkpoints", "--embeddings", "--token-ids", "--heads", "--causal",
                   "--tokens", "--steps", "--alarm", "--strict", "--output", "--json"},
                  "attn-inspect monitor run/step*.npy --tokens tokens.json -o out");
    command.divided_action([flags, &line] {
        flags->request.ranks = line.ranks;
        flags->request.command = line.text;
        flags->request.input.tokens = flags->request.from.tokens;
        flags->request.input.key_tokens = flags->request.from.key_tokens;
        return execute(*flags, line);
    });
}

}  // namespace attn::app
