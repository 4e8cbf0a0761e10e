// report: one page to explore attention.
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "attention_flags.hpp"
#include "commands.hpp"
#include "core/error.hpp"
#include "core/human_size.hpp"
#include "core/printable.hpp"
#include "core/word_list.hpp"
#include "flags.hpp"
#include "input_flags.hpp"
#include "output_policy_flags.hpp"
#include "pipeline/report.hpp"
#include "progress_bar.hpp"
#include "render/color_map.hpp"
#include "source_flags.hpp"

namespace attn::app {
namespace {

using pipeline::ReportRequest;
using pipeline::ReportResult;
using pipeline::ReportValues;

constexpr std::size_t kLongestReportTitle = 300;  // characters

// "24M", "500K", "1.5G" or bytes.
double parse_budget(const std::string& text) {
    const RealRange range = RealRange::between(1, 1e12);
    const std::string units = "KMG";
    const std::size_t unit = text.empty() ? std::string::npos : units.find(text.back());
    const bool has_unit = unit != std::string::npos;
    const std::string number = has_unit ? text.substr(0, text.size() - 1) : text;
    const double factor = has_unit ? std::pow(1000.0, static_cast<double>(unit + 1)) : 1;
    try {
        const double size = parse_real(number, RealRange::between(1e-9, 1e12), "--budget") * factor;
        if (range.contains(size)) return size;
    } catch (const Error&) {
        // It is said below, with the unit.
    }
    fail("--budget ", text, ": expected a size from 1 byte to 1000G, such as 500K, 24M or 1.5G");
}

std::string take_title(const std::string& text) {
    if (printable(text) != text) fail("--title ", quoted(text), ": expected one line of text");
    if (character_count(text) > kLongestReportTitle)
        fail("--title: has ", character_count(text), " characters, expected at most ",
             kLongestReportTitle);
    return text;
}

std::string describe_values(const results::ReportPacking& packing) {
    if (packing.exact) return "exact";
    const std::string top = std::to_string(packing.top) + " exact a ";
    if (packing.pool == 1) return "compact (8 bits a cell, " + top + "row)";
    const std::string side = std::to_string(packing.pool);
    return "compact (cells are the largest of " + side + " x " + side + ", " + top + "band)";
}

std::string describe(const ReportResult& result, const std::string& output) {
    std::string text = output + ": ";
    if (result.sequences > 1) text += counted(result.sequences, "sequence") + " x ";
    text += counted(result.layers, "layer") + " x " + counted(result.heads, "head") + " x ";
    text += result.queries == result.keys
                ? counted(result.queries, "token")
                : counted(result.queries, "query") + " x " + counted(result.keys, "key");
    return text + ", " + describe_values(result.packing) + ", " + human_size(result.bytes);
}

int execute(const ReportRequest& request, const CommandLine& line) {
    ReportResult result;
    {
        ProgressBar bar(line.console, line.global.quiet);
        result = pipeline::report(request, bar.progress(), line.console.warnings());
    }
    if (request.output != "-" && !line.global.quiet)
        line.console.line(describe(result, request.output));
    return 0;
}

// What the flags of SOURCE say counts for what is computed, too.
void complete_computed(ReportRequest& request) {
    source::ComputedRequest& computed = request.computed;
    computed.tokens = request.from.tokens;
    computed.key_tokens = request.from.key_tokens;
    computed.layers = request.from.layers;
    if (request.from.precision == DType::float64) computed.precision = source::Precision::f64;
}

void add_report_source(Command& command, ReportRequest& request) {
    command
        .text("source", "SOURCE", request.from.source,
              "A folder that run wrote; an array [q, k], [heads, q, k], [layers, heads, q, k] or "
              "[layers, batch, heads, q, k]; or the arrays of many layers. Without it attention is "
              "computed from --weights, or --query, --key and --value")
        .completes(Completion::array);
    add_axes_flag(command, "--axes", request.from.axes, "Axes of the array");
    command.indices("--layer,--layers", request.from.layers, "Only these layers, such as 0,3-5");
    command.indices("--head,--select-heads", request.from.heads, "Only these heads");
    command.indices("--seq", request.from.sequences, "Only these sequences of the batch");
    add_precision_flag(command, request.from.precision);
    add_token_flags(command, request.from);
    command
        .text("--against", "ARRAY|DIR", request.against,
              "A second source of the same shape: the page shows A, B and A - B")
        .completes(Completion::array);
    add_axes_flag(command, "--axes-b", request.against_axes, "Axes of the second array");
}

void add_page_flags(Command& command, ReportRequest& request, Console& console) {
    command.heading("The page");
    command.text("-o,--output", "FILE.html", request.output, "The page; - is standard output")
        .required();
    add_output_policy_flags(command, request.policy, console);
    command.text("--grid", "RxC", request.grid,
                 "Keys are patches of a picture, row after row (14x14, or 14x14+1 where a class "
                 "token comes first)");
    command.text("--image", "FILE.png", request.image,
                 "The picture under the patches, PNG or JPEG of at most 4 MB; needs --grid");
    command.choice(
        "--values", {"auto", "exact", "compact"},
        [&request](const std::string& word) {
            request.values = word == "exact"     ? ReportValues::exact
                             : word == "compact" ? ReportValues::compact
                                                 : ReportValues::automatic;
        },
        "exact: the numbers themselves; compact: one byte a cell, and the largest of each row "
        "exactly; auto: exact for pages up to 2 MB (default)");
    command.parsed(
        "--budget", "SIZE",
        [&request](const std::string& text) { request.budget = parse_budget(text); },
        "Largest page in bytes, or with K, M, G (default 24M); larger sources are pooled");
    command.whole("--top", request.top, {1, 1 << 16},
                  "Exact weights a row beside compact ones (default 4)");
    command
        .choice(
            "--colormap", render::color_map_names(),
            [&request](const std::string& name) { request.start.map = name; },
            "Colours to start with: " + joined(render::color_map_names(), ", ") +
                " (default viridis)")
        .takes("NAME");
    command.choice(
        "--scale,--color-scale", {"linear", "sqrt", "log"},
        [&request](const std::string& name) { request.start.scale = name; },
        "From value to colour, to start with (default sqrt)");
    command.on("--drop-first", request.start.drop_first,
               "Start with key 0 left out of the colour range");
    command.parsed(
        "--title", "TEXT",
        [&request](const std::string& text) { request.title = take_title(text); },
        "Title of the page (default: the name of the source)");
    command.on(
        "--no-check", [&request] { request.checks = false; }, "Without the verdicts of check");
    command.on(
        "--no-rollout", [&request] { request.rollout = false; },
        "Without rollout, which there is for square attention of several layers and up to 2048 "
        "tokens");
}

}  // namespace

void add_report_command(CLI::App& app, CommandLine& line) {
    Command command(app, line, "report", "One HTML page to explore attention, for any browser");
    const auto request = std::make_shared<ReportRequest>();
    add_report_source(command, *request);
    add_input_flags(command, request->computed);
    add_attention_flags(command, request->computed.attention, "--score-scale");
    add_page_flags(command, *request, line.console);
    command.usual({"--output", "--tokens", "--layer", "--head", "--against", "--grid", "--image",
                   "--values", "--budget"},
                  "attn-inspect report out -o page.html");
    command.action([request, &line] {
        request->command = line.text;
        complete_computed(*request);
        return execute(*request, line);
    });
}

}  // namespace attn::app
