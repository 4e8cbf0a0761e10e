// Flags that contradict each other or would do nothing are refused by name; what --save lists is
// written or refused, whatever the input.
#include "support/program.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/arrays.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
namespace fs = std::filesystem;

namespace {

const std::string kData = std::string(ATTN_SOURCE_DIR) + "/data/induction/";
const std::string kModelFile = kData + "model.json";

struct Refusal {
    std::vector<std::string> arguments;
    std::vector<std::string> texts;
};

void check_rule_refuses(const std::vector<std::string>& arguments,
                        const std::vector<std::string>& texts) {
    const auto result = run_program(arguments);
    INFO(result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    for (const std::string& text : texts) CHECK_THAT(result.err, Catch::Contains(text));
}

// Queries, keys and values in one file.
std::string heads_file(const TempFolder& folder) {
    return folder.write("heads.json", R"({"q": [[[1, 0]], [[0, 1]]], "k": [[[1, 0]], [[0, 1]]],)"
                                      R"( "v": [[[1, 2]], [[3, 4]]]})");
}

std::vector<std::string> with(std::vector<std::string> arguments,
                              const std::vector<std::string>& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

}  // namespace

TEST_CASE("flags that contradict each other are refused") {
    const Refusal refusals[] = {
        {{"check", "x.npy", "--causal", "--no-causal"}, {"--causal", "--no-causal"}},
        {{"run", "-w", "x", "-o", "y", "--no-causal", "--causal"}, {"--causal", "--no-causal"}},
        {{"check", "x.npy", "--only", "finite", "--skip", "finite"}, {"--only", "--skip"}},
        {{"check", "x.npy", "--only", "finite", "--skip", "range"}, {"--only", "--skip"}},
        {{"heatmap", "x.npy", "-o", "y", "--terminal"}, {"--output", "--terminal"}},
        {{"heatmap", "x.npy", "--sheet", "--terminal"}, {"--sheet", "--terminal"}},
        {{"heatmap", "x.npy", "--plain", "--terminal"}, {"--plain", "--terminal"}},
        {{"heatmap", "x.npy", "--cell", "4", "--terminal"}, {"--cell", "--terminal"}},
        {{"heatmap", "x.npy", "--font", "f.ttf", "--terminal"}, {"--font", "--terminal"}},
        {{"heatmap", "x.npy", "-o", "y", "--plain", "--cell", "4"}, {"--plain", "--cell"}},
        {{"heatmap", "x.npy", "-o", "y", "--plain", "--sheet"}, {"--plain", "--sheet"}},
        {{"heatmap", "x.npy", "-o", "y", "--vmin", "2", "--vmax", "1"}, {"--vmin 2 --vmax 1"}},
        {{"stats", "x.npy", "--json", "--csv"}, {"--json", "--csv"}},
        {{"stats", "x.npy", "--columns", "sink", "--json"}, {"--columns", "--json"}},
        {{"stats", "x.npy", "--columns", "sink", "--csv"}, {"--columns", "--csv"}},
        {{"stats", "x.npy", "--similarity", "--csv"}, {"--similarity", "--csv"}},
        {{"info", "x.npy", "--values", "--no-values"}, {"--values", "--no-values"}},
    };
    for (const Refusal& refusal : refusals) check_rule_refuses(refusal.arguments, refusal.texts);
}

TEST_CASE("a flag without effect is refused, not ignored") {
    const TempFolder folder;
    const std::string file = heads_file(folder);
    const std::vector<std::string> heads{"run",       "-q", file + ":q",   "-k", file + ":k", "-v",
                                         file + ":v", "-o", folder / "out"};
    check_rule_refuses(with(heads, {"--layout", "gpt2"}), {"--layout", "--weights"});
    check_rule_refuses(with(heads, {"--context", file + ":q"}), {"--context"});
    check_rule_refuses(with(heads, {"--token-ids", file + ":q"}), {"--token-ids"});
    check_rule_refuses(with(heads, {"--mask-true", "ignore"}), {"--mask-true", "--mask"});
    check_rule_refuses(with(heads, {"--grid", "1x1"}), {"--grid", "stats"});
    check_rule_refuses(with(heads, {"--kv-order", "tile"}), {"--kv-order tile", "2 heads"});
    check_rule_refuses(with(heads, {"--rope-theta", "10"}), {"--rope-theta", "--rope"});
    check_rule_refuses(with(heads, {"--rope-dim", "2"}), {"--rope-dim", "--rope"});
    check_rule_refuses(with(heads, {"--rope-interleaved"}), {"--rope-interleaved", "--rope"});
    check_rule_refuses(with(heads, {"--bidirectional"}), {"--bidirectional", "--relative-bias"});
    check_rule_refuses(with(heads, {"--save", "weights", "--scores-at", "scaled"}),
                       {"--scores-at"});
    check_rule_refuses(with(heads, {"--save", "heatmaps,stats", "--format", "npz"}), {"--format"});
    for (const std::vector<std::string>& flag :
         std::vector<std::vector<std::string>>{{"--colormap", "magma"},
                                               {"--vmin", "0"},
                                               {"--vmax", "1"},
                                               {"--color-scale", "log"},
                                               {"--cell", "4"},
                                               {"--max-size", "64"},
                                               {"--pool", "mean"},
                                               {"--plain"},
                                               {"--drop-first"},
                                               {"--shared-scale"},
                                               {"--font", "x.ttf"},
                                               {"--queries", "0:1"},
                                               {"--keys", "0:1"}}) {
        check_rule_refuses(with(with(heads, {"--save", "weights"}), flag), {flag[0], "heatmaps"});
    }
    check_rule_refuses({"check", file + ":q", "--mask-true", "ignore"}, {"--mask-true", "--mask"});
    for (const std::vector<std::string>& flag : std::vector<std::vector<std::string>>{
             {"--exclude-first-key"}, {"--exclude-self"}, {"--pattern-score", "abs"}}) {
        check_rule_refuses(with({"stats", file + ":q"}, flag), {flag[0], "--tokens"});
    }
    check_rule_refuses({"stats", file + ":q", "--cluster-threshold", "0.5"}, {"--similarity"});
    CHECK_FALSE(fs::exists(folder / "out"));
}

TEST_CASE("a flag that others leave nothing to do is refused") {
    const Refusal refusals[] = {
        {{"heatmap", "x.npy", "-o", "y", "--drop-first", "--keys", "0:1"},
         {"--drop-first: has no effect, --keys 0:1 leaves no other key"}},
        {{"approx", "-x", "x.npy", "-w", "w", "--method", "topk", "--target", "mass"},
         {"--target: has no effect without --needs or --max-error"}},
    };
    for (const Refusal& refusal : refusals) check_rule_refuses(refusal.arguments, refusal.texts);
}

TEST_CASE("an option is given once, a switch as often as one likes and without a value") {
    check_rule_refuses({"run", "-w", "x", "-o", "y", "--scale", "1", "--scale", "2"},
                       {"--scale: is given 2 times"});
    check_rule_refuses({"run", "-w", "x", "-w", "z", "-o", "y"}, {"--weights: is given 2 times"});
    check_rule_refuses({"check", "x.npy", "--causal=false"}, {"--causal: is a switch"});
    check_rule_refuses({"check", "x.npy", "--json=7"}, {"--json: is a switch"});
    check_rule_refuses({"--quiet=3", "check", "x.npy"}, {"--quiet: is a switch"});
    const TempFolder folder;
    const std::string file = folder.write("w.json", "[[1, 0], [0.5, 0.5]]");
    CHECK(run_program({"check", file, "--causal", "--causal", "--quiet"}).exit_code == 0);
}

TEST_CASE("an option whose value is empty is refused") {
    const TempFolder folder;
    const std::string file = folder.write("w.json", "[[1, 0], [0.5, 0.5]]");
    check_rule_refuses({"check", file, "--mask", ""}, {"--mask", "is empty"});
    check_rule_refuses({"check", file, "--window", ""}, {"--window", "is empty"});
    check_rule_refuses({"heatmap", file, "-o", ""}, {"--output", "is empty"});
    check_rule_refuses({"heatmap", file, "--terminal", "--tokens", ""}, {"--tokens", "is empty"});
    check_rule_refuses({"info", ""}, {"source", "is empty"});
    check_rule_refuses({"run", "-w", kModelFile, "-o", folder / "out", "--save", ""}, {"--save"});
    check_rule_refuses({"run", "-w", kModelFile, "-o", folder / "out", "--save", "scores,"},
                       {"--save"});
    check_rule_refuses({"run", "-w", kModelFile, "-o", folder / "out", "--save", ",scores"},
                       {"--save"});
}

TEST_CASE("help is given wherever it is asked for, whatever else is wrong") {
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"run", "--help"},
                                               {"--help", "run"},
                                               {"run", "--scale", "nan", "--help"},
                                               {"run", "--head", "1-x", "--help"},
                                               {"--threads", "0", "run", "-h"},
                                               {"run", "--bogus", "--help"},
                                               {"run", "--help", "--causal", "--no-causal"}}) {
        const auto result = run_program(arguments);
        CHECK(result.exit_code == 0);
        CHECK_THAT(result.out, Catch::Contains("Usage: attn-inspect run"));
        CHECK(result.err.empty());
    }
    CHECK(run_program({"run", "--scale", "nan", "--version"}).out == "attn-inspect 0.1.0\n");
}

TEST_CASE("every name of --save gives its file or one line, from every kind of input") {
    const TempFolder folder;
    const std::string file = heads_file(folder);
    const std::string gpt2 = golden("models/gpt2");
    const std::vector<std::vector<std::string>> inputs{
        {"-q", file + ":q", "-k", file + ":k", "-v", file + ":v"},
        {"-w", kModelFile},
        {"-x", kData + "embeddings.npy", "-w", kData + "weights", "--heads", "4"},
        {"-x", kData + "batch_embeddings.npy", "-w", kData + "weights", "--heads", "4"},
        {"-w", gpt2 + "/model.safetensors", "--token-ids", gpt2 + "/token_ids.npy"},
        {"-w", gpt2 + "/model.safetensors", "--token-ids", gpt2 + "/token_ids.npy", "--layers",
         "0"},
    };
    const std::pair<const char*, const char*> names[] = {
        {"scores", "layer00/scores.npy"},
        {"weights", "layer00/weights.npy"},
        {"context", "layer00/context.npy"},
        {"output", "layer00/output.npy"},
        {"q", "layer00/q.npy"},
        {"k", "layer00/k.npy"},
        {"v", "layer00/v.npy"},
        {"present", "layer00/present_key.npy"},
        {"logsumexp", "layer00/logsumexp.npy"},
        {"received", "layer00/received.npy"},
        {"heatmaps", "layer00/heads.png"},
        {"stats", "stats.json"},
        {"hidden", "layer00/hidden.npy"},
        {"logits", "logits.npy"},
        {"probs", "probs.npy"},
        {"weights,weights", "layer00/weights.npy"},
        {"weights,probs", "probs.npy"},
    };
    for (std::size_t kind = 0; kind < inputs.size(); ++kind) {
        for (const auto& [name, result_file] : names) {
            const TempFolder work;
            auto arguments = with({"run", "--save", name, "-o", work / "out"}, inputs[kind]);
            const auto result = run_program(arguments);
            INFO("input " << kind << ", --save " << name << ": " << result.err);
            if (result.exit_code == 0) {
                std::string found = work / ("out/" + std::string(result_file));
                const bool batch = kind >= 3 && std::string(name) == "heatmaps";
                if (batch) found = work / "out/layer00/seq00-heads.png";
                CHECK(fs::exists(found));
            } else {
                CHECK(result.exit_code == 2);
                CHECK_THAT(result.err, Catch::Contains("--save"));
                CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
                CHECK_FALSE(fs::exists(work / "out"));
                const std::string text = name;
                const bool model = text == "hidden" || text == "logits" || text == "probs" ||
                                   text == "weights,probs";
                CHECK((model && kind < 4));
            }
        }
    }
}
