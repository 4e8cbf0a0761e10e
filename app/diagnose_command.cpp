// diagnose: which mistake explains this attention? Exit code 1 when there is one, or nothing fits.
#include <memory>
#include <string>

#include "attention_flags.hpp"
#include "commands.hpp"
#include "diagnose_report.hpp"
#include "flags.hpp"
#include "input_flags.hpp"
#include "output_policy_flags.hpp"
#include "pipeline/diagnose.hpp"
#include "progress_bar.hpp"
#include "source_flags.hpp"

namespace attn::app {
namespace {

using analysis::Hypothesis;
using analysis::Observed;

struct DiagnoseFlags {
    pipeline::DiagnoseRequest request;
    bool json = false;
};

int execute(const DiagnoseFlags& flags, const CommandLine& line) {
    pipeline::DiagnoseResult result;
    {
        ProgressBar bar(line.console, line.global.quiet);
        result = pipeline::diagnose(flags.request, bar.progress(), line.console.warnings());
    }
    if (flags.json) {
        line.console.document(results::diagnosis_json(result));
    } else if (!line.global.quiet) {
        print_diagnosis(result, flags.request.seconds, line.console);
    }
    return result.diagnosis.correct ? 0 : 1;
}

std::string list_mistakes() {
    std::string text =
        "Mistakes it knows, alone, in pairs that can be told apart, and the common ones in threes; "
        "another rotary theta alone:\n";
    for (const Hypothesis& hypothesis : analysis::hypotheses())
        text += "  " + std::string(hypothesis.name) + "\n";
    return text;
}

}  // namespace

void add_diagnose_command(CLI::App& app, CommandLine& line) {
    Command command(app, line, "diagnose",
                    "Which mistake explains this attention? Exit code 1 unless it is correct");
    const auto flags = std::make_shared<DiagnoseFlags>();
    add_input_flags(command, flags->request.input);
    add_attention_flags(command, flags->request.input.attention);
    command.heading("Observation");
    command.text(
        "--observed", "ARRAY", flags->request.observed,
        "What the other code gave: weights or scores [(batch,) heads, queries, keys] "
        "([layers, batch, …] for all layers), or the output [(batch,) queries, d_model]; from "
        "--query, --key and --value also that of each head, [(batch,) heads, queries, d_head]");
    add_axes_flag(command, "--axes", flags->request.axes, "Axes of observed weights or scores");
    command.choice(
        "--observed-is", {"weights", "scores", "output"},
        [flags](const std::string& kind) {
            flags->request.kind = kind == "weights"  ? Observed::weights
                                  : kind == "scores" ? Observed::scores
                                                     : Observed::output;
        },
        "What it is (default: the shape and the values tell)");
    command.whole("--layer,--layers", flags->request.layer, {0, 1 << 20},
                  "Which layer it is of (default 0; of an array of all layers the first that goes "
                  "wrong)");
    command.indices(
        "--head,--select-heads", flags->request.heads,
        "Which heads the weights or scores are of, such as 0,3-5; or look at these only");
    command.indices("--rows", flags->request.rows,
                    "Which queries it is of, such as 0,3-5; or look at these only");
    command
        .real("--time-limit", flags->request.seconds, RealRange::between(0, 1e6),
              "Seconds after which the search ends and says what it did not try (default 10; 0: no "
              "limit)")
        .takes("SECONDS");
    command.text("--probe", "DIR", flags->request.probe,
                 "Where several explain it equally well, write an input on which they differ into "
                 "this folder: embeddings, or queries, keys and values, with random numbers");
    command.text("-o,--output", "DIR", flags->request.output,
                 "Draw observed, expected and their difference, of the head that differs most, "
                 "into this folder");
    add_output_policy_flags(command, flags->request.policy, line.console);
    add_digest_flag(command, flags->request.policy);
    command.on("--json", flags->json, "Print JSON: {\"verdict\": …, \"explanations\": […]}");
    command.footer(list_mistakes());
    command.usual(
        {"--embeddings", "--weights", "--query", "--key", "--value", "--heads", "--causal",
         "--observed", "--layer", "--json"},
        "attn-inspect diagnose -q q.npy -k k.npy -v v.npy --causal --observed weights.npy");
    command.action([flags, &line] { return execute(*flags, line); });
}

}  // namespace attn::app
