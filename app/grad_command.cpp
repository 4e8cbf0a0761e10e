// grad: gradients through attention.
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "attention_flags.hpp"
#include "commands.hpp"
#include "core/word_list.hpp"
#include "gradient_table.hpp"
#include "input_flags.hpp"
#include "output_policy_flags.hpp"
#include "pipeline/grad.hpp"
#include "progress_bar.hpp"

namespace attn::app {
namespace {

struct GradFlags {
    pipeline::GradRequest request;
    bool check = false;
    bool json = false;
    bool csv = false;
};

void add_grad_input_flags(Command& command, source::ComputedRequest& request) {
    add_input_flags(command, request);
    command.text("--tokens", "FILE", request.tokens, "Labels: a JSON array, or one token a line");
    command.choice(
        "--precision", {"f32", "f64"},
        [&request](const std::string& name) {
            request.precision = name == "f64" ? source::Precision::f64 : source::Precision::f32;
        },
        "f32 or f64 (default f32); near one-hot rows only f64 tells a small gradient from "
        "rounding");
}

void add_grad_flags(Command& command, GradFlags& flags, const CommandLine& line) {
    pipeline::GradRequest& request = flags.request;
    command.heading("Gradients");
    command.parsed(
        "--upstream", "ARRAY|sum|energy|token:I|logit:P,T",
        [&request](const std::string& text) { request.upstream = source::parse_upstream(text); },
        "Where the gradient comes from: dL/doutput [(batch,) queries, d_model] from a file; sum of "
        "the output (default); energy, half its squared norm; token I of it; or of a checkpoint "
        "the logit of vocabulary entry T at position P");
    command.indices("--layers,--layer", request.layers,
                    "Report and save only these layers, such as 0,3-5");
    command.indices("--head,--select-heads", request.heads, "Report and save only these heads");
    command.real("--clip", request.clip, RealRange::positive(),
                 "Say what factor clips the global norm of all projections to X");
    command.on("--spectral", request.spectral,
               "Also the largest eigenvalue of softmax's Jacobian (always with --json)");
    command.whole("--verify", request.verify, {1, 1 << 20},
                  "Compare N entries of the embeddings' gradient with central differences in "
                  "float64; exit code 1 where one is off by more than 1e-5, or where the gradients "
                  "given are more than 1e-3 of their norm away from those of float64");
    command.on("--check", flags.check,
               "Exit code 1 when gradients vanish or explode over the layers, or more than half of "
               "the rows of a head pass none");
    command.heading("Output");
    command.text("-o,--output", "DIR", request.output,
                 "Folder for arrays and gradients.png; created, or replaced where grad wrote it");
    add_output_policy_flags(command, request.policy, line.console);
    add_digest_flag(command, request.policy);
    add_array_io_flag(command, request.policy, line);
    command
        .parsed(
            "--save", "LIST",
            [&request](const std::string& list) {
                request.save = results::parse_gradient_save(list);
            },
            joined(results::gradient_save_names(), ", ") +
                " (default x, with --query q,k,v; scores and weights are queries x keys; "
                "projections are [d_in, d_out])")
        .completes_list(results::gradient_save_names());
    command.on("--json", flags.json,
               "Print JSON: {\"heads\": […], \"layers\": […], \"model\": {…}, \"tokens\": […], "
               "\"failed\": […]}");
    command.on("--csv", flags.csv, "Print CSV, a line a head");
}

// A line for each reason why --check fails. Whether there is one.
bool complain_of_gradients(const results::GradientReport& report, Console& console) {
    const std::vector<results::GradientFailure> failures = report.failures();
    for (const results::GradientFailure& failure : failures) {
        std::string place;
        if (failure.layer) place += "layer " + std::to_string(*failure.layer) + ", ";
        if (failure.head && report.batch)
            place += "sequence " + std::to_string(failure.sequence) + ", ";
        if (failure.head) place += "head " + std::to_string(*failure.head) + ": ";
        console.complain("check: " + place + failure.reason);
    }
    return !failures.empty();
}

int execute(GradFlags& flags, const CommandLine& line) {
    Console& console = line.console;
    flags.request.spectral = flags.request.spectral || flags.json;
    pipeline::GradResult result;
    {
        ProgressBar bar(console, line.global.quiet);
        result = pipeline::grad(flags.request, bar.progress(), console.warnings());
    }
    const results::GradientReport& report = result.report;
    if (flags.json) {
        console.document(results::gradient_json(report));
    } else if (flags.csv) {
        console.document(results::gradient_csv(report));
    } else {
        print_gradients(report, console);
    }
    int code = 0;
    if (report.check && !report.check->passed()) {
        console.complain("verify: " + describe(*report.check));
        code = 1;
    }
    return flags.check && complain_of_gradients(report, console) ? 1 : code;
}

}  // namespace

void add_grad_command(CLI::App& app, CommandLine& line) {
    Command command(app, line, "grad", "Gradients through attention: do they pass?");
    const auto flags = std::make_shared<GradFlags>();
    add_grad_input_flags(command, flags->request.input);
    add_attention_flags(command, flags->request.input.attention);
    add_grad_flags(command, *flags, line);
    command.footer(describe_gradient_measures());
    command.usual({"--embeddings", "--weights", "--token-ids", "--heads", "--causal", "--upstream",
                   "--check", "--verify", "--save", "--output", "--json"},
                  "attn-inspect grad -x embeddings.npy -w weights.npz --heads 8 --causal");
    command.divided_action([flags, &line] {
        flags->request.command = line.text;
        flags->request.ranks = line.ranks;
        return execute(*flags, line);
    });
}

}  // namespace attn::app
