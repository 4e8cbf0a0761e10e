// A flag that would do nothing is refused by name. Walks over the flags of all commands: each is
// said here to count always, or which other flags leave it nothing to do.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "support/arrays.hpp"
#include "support/help.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"
#include "support/thinned.hpp"

using namespace attn::test;

namespace {

using Words = std::vector<std::string>;

// Flags whose effect depends on nothing else on the line, only on what is read.
const std::set<std::string>& always_count() {
    static const std::set<std::string> flags{"--axes",
                                             "--axes-b",
                                             "--layer",
                                             "--layers",
                                             "--head",
                                             "--seq",
                                             "--precision",
                                             "--tokens",
                                             "--key-tokens",
                                             "--causal",
                                             "--no-causal",
                                             "--query-offset",
                                             "--window",
                                             "--mask",
                                             "--key-lengths",
                                             "--embeddings",
                                             "--weights",
                                             "--context",
                                             "--hidden-states",
                                             "--token-ids",
                                             "--token-type-ids",
                                             "--norm-first",
                                             "--activation",
                                             "--norm-eps",
                                             "--query",
                                             "--key",
                                             "--value",
                                             "--allow-nonfinite",
                                             "--heads",
                                             "--kv-heads",
                                             "--past-key",
                                             "--past-value",
                                             "--scale",
                                             "--softcap",
                                             "--bias",
                                             "--sink",
                                             "--rope",
                                             "--positions",
                                             "--alibi",
                                             "--relative-bias",
                                             "--output",
                                             "--save",
                                             "--observed",
                                             "--observed-is",
                                             "--time-limit",
                                             "--rtol",
                                             "--strict",
                                             "--top",
                                             "--similarity",
                                             "--exclude-first-key",
                                             "--exclude-self",
                                             "--pattern-score",
                                             "--received",
                                             "--kv-order",
                                             "--terminal",
                                             "--verify",
                                             "--engine",
                                             "--method",
                                             "--rows",
                                             "--start-layer",
                                             "--max-error",
                                             "--needs",
                                             "--target-error",
                                             "--growth",
                                             "--time",
                                             "--timing",
                                             "--resume",
                                             "--ring",
                                             "--io"};
    return flags;
}

// What is on the line beside the flag and its value. "SOURCE" is a file of attention.
struct Idle {
    std::string command;
    std::string flag;
    Words others;
};

std::vector<Idle> idle_flags() {
    std::vector<Idle> all{
        {"look", "--mask-true ignore", {"SOURCE"}},
        {"check", "--mask-true ignore", {"SOURCE"}},
        {"check", "--atol 0.1", {"SOURCE", "--only", "finite"}},
        {"check", "--atol 0.1", {"SOURCE", "--skip", "range,row_sum"}},
        {"check", "--only finite", {"SOURCE", "--skip", "finite"}},
        {"check", "--skip finite", {"SOURCE", "--only", "finite"}},
        {"stats", "--cluster-threshold 0.5", {"SOURCE"}},
        {"stats", "--columns sink", {"SOURCE", "--json"}},
        {"stats", "--columns sink", {"SOURCE", "--received", "-"}},
        {"stats", "--sort sink", {"SOURCE", "--received", "-"}},
        {"stats", "--top 1", {"SOURCE", "--received", "-"}},
        {"stats", "--similarity", {"SOURCE", "--received", "-"}},
        {"stats", "--grid 2x2", {"SOURCE", "--received", "-"}},
        {"stats", "--force", {"SOURCE"}},
        {"stats", "--durable", {"SOURCE"}},
        {"stats", "--json", {"SOURCE", "--received", "-"}},
        {"stats", "--csv", {"SOURCE", "--json"}},
        {"compare", "--force", {"SOURCE", "SOURCE"}},
        {"diagnose", "--force", {"-w", sample("model.json"), "--observed", "SOURCE"}},
        {"diagnose", "--durable", {"-w", sample("model.json"), "--observed", "SOURCE"}},
        {"report", "--mask-true ignore", {"SOURCE", "-o", "OUT.html"}},
        {"report", "--axes-b q,k", {"SOURCE", "-o", "OUT.html"}},
        {"report", "--image x.png", {"SOURCE", "-o", "OUT.html"}},
        {"report", "--top 2", {"SOURCE", "-o", "OUT.html", "--values", "exact"}},
        {"compare", "--durable", {"SOURCE", "SOURCE"}},
        {"compare", "--all", {"SOURCE", "SOURCE", "--json"}},
        {"compare", "--json", {"SOURCE", "SOURCE", "--all"}},
        {"info", "--values", {"SOURCE", "--no-values"}},
        {"info", "--values", {"SOURCE", "--keys"}},
        {"info", "--no-values", {"SOURCE", "--keys"}},
        {"info", "--keys", {"SOURCE", "--json"}},
        {"info", "--json", {"SOURCE", "--keys"}},
        {"info", "--layout gpt2", {"RUN"}},
        {"heatmap", "--grid 2x2", {"SOURCE", "-o", "OUT"}},
        {"heatmap", "--targets 1", {"SOURCE", "-o", "OUT"}},
        {"heatmap", "--mean-heads", {"SOURCE", "-o", "OUT"}},
        {"heatmap", "--drop-first", {"SOURCE", "-o", "OUT", "--keys", "1:3"}},
        {"heatmap", "--drop-first", {"SOURCE", "--terminal", "--keys", "01:3"}},
        {"heatmap", "--shared-scale", {"SOURCE", "-o", "OUT", "--vmin", "0", "--vmax", "1"}},
        {"heatmap", "--image x.png", {"SOURCE", "--terminal"}},
        {"grad", "--force", {"-w", sample("model.json")}},
        {"grad", "--durable", {"-w", sample("model.json")}},
        {"grad", "--sha256", {"-w", sample("model.json")}},
        {"approx", "--sha256", {"-w", sample("model.json")}},
        {"rollout", "--sha256", {"SOURCE"}},
        {"compare", "--sha256", {"SOURCE", "SOURCE"}},
        {"heatmap", "--sha256", {"SOURCE", "--terminal"}},
        {"heatmap", "--sha256", {"SOURCE", "-o", "OUT.png"}},
        {"diagnose", "--sha256", {"-w", sample("model.json"), "--observed", "SOURCE"}},
        {"diagnose",
         "--sha256",
         {"-w", sample("model.json"), "--observed", "SOURCE", "--probe", "OUT"}},
        {"grad", "--save x", {"-w", sample("model.json")}},
        {"grad", "--csv", {"-w", sample("model.json"), "--json"}},
        {"grad", "--json", {"-w", sample("model.json"), "--csv"}},
        {"monitor", "--force", {"SOURCE"}},
        {"monitor", "--durable", {"SOURCE"}},
        {"monitor", "--plots sink", {"SOURCE"}},
        {"monitor", "--list", {"SOURCE"}},
        {"monitor", "--csv", {"SOURCE", "--json"}},
        {"monitor", "--json", {"SOURCE", "--csv"}},
        {"monitor", "--only sink_formed", {"SOURCE", "--skip", "sink_formed"}},
        {"monitor", "--skip sink_formed", {"SOURCE", "--only", "sink_formed"}},
        {"monitor", "--steps-axis", {"SOURCE"}},
        {"monitor", "--steps-axis", {"--checkpoints", "SOURCE", "--steps", "1"}},
        {"monitor", "--axes q,k", {"--checkpoints", "SOURCE"}},
        {"monitor", "--checkpoints SOURCE", {"SOURCE"}},
        {"grad", "--clip 1", {"-q", "SOURCE", "-k", "SOURCE", "-v", "SOURCE"}},
    };
    for (const char* flag : {"--force", "--durable", "--list", "--sheet", "--cell 4",
                             "--max-size 64", "--plain", "--title T", "--no-title", "--annotate",
                             "--dpi 200", "--transparent", "--format png", "--font x.ttf"})
        all.push_back({"heatmap", flag, {"SOURCE", "--terminal"}});
    for (const char* flag : {"--cell 4", "--title T", "--no-title", "--annotate", "--transparent",
                             "--font x.ttf", "--clean-tokens", "--sheet"})
        all.push_back({"heatmap", flag, {"SOURCE", "-o", "OUT", "--plain"}});
    for (const char* flag : {"--pool mean", "--queries 0:2", "--keys 0:2"})
        all.push_back({"heatmap", flag, {"SOURCE", "-o", "OUT.png", "--image", "x.png"}});
    const Words picture_flags{"--picture-format svg",
                              "--colormap magma",
                              "--vmin 0",
                              "--vmax 1",
                              "--color-scale log",
                              "--cell 4",
                              "--max-size 64",
                              "--pool mean",
                              "--plain",
                              "--drop-first",
                              "--shared-scale",
                              "--font x.ttf",
                              "--clean-tokens",
                              "--title T",
                              "--no-title",
                              "--annotate",
                              "--dpi 200",
                              "--transparent",
                              "--queries 0:2",
                              "--keys 0:2"};
    for (const std::string& flag : picture_flags) {
        all.push_back({"rollout", flag, {"SOURCE"}});
        all.push_back({"rollout", flag, {"SOURCE", "-o", "OUT", "--save", "rollout"}});
    }
    for (const char* flag : {"--save layers", "--baseline uniform", "--grid 1x2+1", "--image x.png",
                             "--force", "--durable"})
        all.push_back({"rollout", flag, {"SOURCE"}});
    for (const char* flag :
         {"--fuse max", "--head-weights SOURCE", "--residual 0.1", "--no-residual",
          "--renormalise none", "--discard 0.1", "--first-key drop", "--baseline uniform"})
        all.push_back({"rollout",
                       flag,
                       {"SOURCE", "-o", "OUT", "--method", "relevance", "--gradients", "SOURCE"}});
    all.push_back({"rollout", "--mask-true ignore", {"SOURCE"}});
    all.push_back({"rollout", "--normalise", {"SOURCE"}});
    all.push_back({"rollout", "--discard-scope row", {"SOURCE"}});
    all.push_back({"rollout", "--gradients SOURCE", {"SOURCE"}});
    all.push_back({"rollout", "--encoder SOURCE", {"SOURCE"}});
    all.push_back({"rollout", "--cross-gradients SOURCE", {"SOURCE"}});
    all.push_back({"rollout", "--encoder-gradients SOURCE", {"SOURCE"}});
    all.push_back({"rollout", "--cross SOURCE", {"SOURCE", "--sources", "1"}});
    all.push_back({"rollout", "--targets 1", {"SOURCE", "--sources", "1"}});
    all.push_back({"rollout", "--sources 1", {"SOURCE", "--targets", "1"}});
    const Words run{"-w", sample("model.json"), "-o", "OUT"};
    const auto of_run = [&](const std::string& flag, const Words& more) {
        Words others = run;
        others.insert(others.end(), more.begin(), more.end());
        all.push_back({"run", flag, others});
    };
    for (const std::string& flag : picture_flags) of_run(flag, {"--save", "weights"});
    of_run("--drop-first", {"--keys", "2:4"});
    of_run("--shared-scale", {"--vmin", "0", "--vmax", "0.5"});
    of_run("--scores-at scaled", {"--save", "weights"});
    of_run("--format npz", {"--save", "heatmaps"});
    of_run("--grid 7x7", {});
    of_run("--list", {"--json"});
    of_run("--json", {"--list"});
    of_run("--norm-weight SOURCE", {"--save", "weights"});
    of_run("--norm-bias SOURCE", {"--save", "weights"});
    for (const char* flag : {"--layout gpt2", "--rope-theta 10", "--rope-dim 2",
                             "--rope-interleaved", "--relative-max-distance 9", "--bidirectional"})
        all.push_back({"rollout", flag, {"SOURCE"}});
    for (const char* flag :
         {"--layout gpt2", "--scale 2", "--mask-true ignore", "--rope-theta 10", "--rope-dim 2",
          "--rope-interleaved", "--relative-max-distance 9", "--bidirectional", "--grad sum"})
        all.push_back({"monitor", flag, {"SOURCE"}});
    for (const char* flag : {"--layout gpt2", "--scale 2", "--element-bytes 2"})
        all.push_back({"approx", flag, {"SOURCE"}});
    all.push_back({"approx", "--target mass", {"SOURCE"}});
    for (const char* flag : {"--budget 0.5", "--seed 1", "--top-keys 3", "--sort tv",
                             "--columns tv", "--top 3", "--max-error 0.1"})
        all.push_back({"approx", flag, {"SOURCE", "--needs"}});
    all.push_back({"approx", "--axes q,k", {"-w", sample("model.json")}});
    all.push_back({"approx", "--force", {"-w", sample("model.json")}});
    all.push_back({"approx", "--durable", {"-w", sample("model.json")}});
    all.push_back({"approx", "--csv", {"-w", sample("model.json"), "--json"}});
    all.push_back({"approx", "--json", {"-w", sample("model.json"), "--csv"}});
    all.push_back({"approx", "--list", {"SOURCE"}});
    const auto of_lab = [&](const std::string& flag, const Words& more) {
        Words others{"-w", sample("model.json")};
        others.insert(others.end(), more.begin(), more.end());
        all.push_back({"approx", flag, others});
    };
    of_lab("--budget 0.5", {"--method", "exact,topp,local:window=4,local/strided"});
    of_lab("--budget 0.5", {"--method", "h2o:heavy=4"});
    of_lab("--seed 1", {"--method", "local,topk,svd"});
    of_lab("--seed 1", {"--method", "performer:seed=2"});
    of_lab("--seed 1", {"--method", "linformer:projection=pool", "--no-causal"});
    of_lab("--seed 1", {"--method", "evict"});
    of_lab("--seeds 2", {"--method", "local,linformer:projection=pool", "--no-causal"});
    all.push_back({"approx", "--seeds 2", {"SOURCE", "--method", "must"}});
    of_lab("--head-budgets SOURCE", {"--method", "topp"});
    of_lab("--linformer-e SOURCE", {"--method", "linformer", "--no-causal"});
    of_lab("--linformer-f SOURCE", {"--method", "linformer", "--no-causal"});
    of_lab("--upstream sum", {"--method", "prune-heads"});
    of_lab("--save weights", {"--method", "local"});
    of_lab("--top-keys 3", {"--method", "local"});
    of_lab("--top-keys 3", {"--method", "local", "--columns", "tv"});
    of_lab("--element-bytes 2", {"--method", "local", "--columns", "tv"});
    of_lab("--per-head", {"--needs"});
    of_lab("--time", {"--needs"});
    of_lab("--no-pictures", {"--method", "local"});
    for (const char* flag :
         {"--colormap magma", "--vmin 0", "--vmax 0.5", "--cell 4", "--max-size 64"}) {
        of_lab(flag, {"--method", "local"});
        of_lab(flag, {"--method", "local", "--no-pictures", "-o", "OUT"});
        of_lab(flag, {"--needs", "-o", "OUT"});
    }
    of_lab("--repeat 2", {"--method", "local"});
    all.push_back({"approx", "--time", {"SOURCE"}});
    of_lab("--per-head", {"--needs", "--csv"});
    for (const char* flag : {"--layer 0", "--head 0", "--seq 0", "--per-head"})
        of_lab(flag, {"--growth", "64"});
    all.push_back({"approx", "--budget 0.5", {"SOURCE", "--method", "topp"}});
    // Of saved attention no random method applies.
    all.push_back({"approx", "--seed 1", {"SOURCE", "--method", "must"}});
    for (const char* flag : {"--sort tv", "--top 3", "--columns tv"})
        all.push_back({"approx", flag, {"SOURCE", "--csv"}});
    for (const char* flag : {"--softcap 2", "--heads 2", "--score-scale 2", "--embeddings SOURCE"})
        all.push_back({"report", flag, {"SOURCE", "-o", "OUT.html"}});
    all.push_back({"report", "--axes q,k", {"-w", sample("model.json"), "-o", "OUT.html"}});
    for (const char* flag : {"--softcap 2", "--heads 2", "--scale 2", "--embeddings SOURCE",
                             "--causal", "--mask SOURCE", "--key-lengths 2", "--layout gpt2"})
        all.push_back({"compare", flag, {"SOURCE", "SOURCE"}});
    all.push_back({"compare", "--axes-b q,k", {"SOURCE", "-w", sample("model.json")}});
    all.push_back({"compare", "--output OUT", {"SOURCE", "-w", sample("model.json")}});
    for (const char* command : {"run", "diagnose", "grad", "approx", "report", "compare"}) {
        Words others{"-w", sample("model.json"), "-o", "OUT"};
        if (std::string(command) == "compare") others = {"-w", sample("model.json"), "SOURCE"};
        if (std::string(command) == "grad" || std::string(command) == "approx")
            others = {"-w", sample("model.json")};
        if (std::string(command) == "report")
            others = {"-w", sample("model.json"), "-o", "OUT.html"};
        if (std::string(command) == "diagnose")
            others = {"-w", sample("model.json"), "--observed", "SOURCE"};
        for (const char* flag :
             {"--mask-true ignore", "--rope-theta 10", "--rope-dim 2", "--rope-interleaved",
              "--relative-max-distance 9", "--bidirectional"})
            all.push_back({command, flag, others});
        Words heads{"-q", "SOURCE", "-k", "SOURCE", "-v", "SOURCE"};
        heads.insert(heads.end(), others.begin() + 2, others.end());
        all.push_back({command, "--layout gpt2", heads});
    }
    return all;
}

// Flags that count for a command and have no say in others, or count always there.
bool counts(const std::string& command, const std::string& flag) {
    static const std::set<std::pair<std::string, std::string>> of_one{
        {"look", "--json"},        {"compare", "--atol"},        {"run", "--force"},
        {"run", "--sha256"},       {"run", "--durable"},         {"diagnose", "--json"},
        {"diagnose", "--probe"},   {"check", "--json"},          {"stats", "--sort"},
        {"heatmap", "--colormap"}, {"heatmap", "--vmin"},        {"heatmap", "--vmax"},
        {"heatmap", "--scale"},    {"heatmap", "--transparent"}, {"grad", "--upstream"},
        {"grad", "--spectral"},    {"grad", "--check"},          {"rollout", "--json"},
        {"report", "--against"},   {"report", "--grid"},         {"report", "--values"},
        {"report", "--budget"},    {"report", "--colormap"},     {"report", "--drop-first"},
        {"report", "--title"},     {"report", "--no-check"},     {"report", "--no-rollout"},
        {"report", "--force"},     {"report", "--durable"},      {"monitor", "--alarm"},
        {"monitor", "--steps"},    {"monitor", "--per-sequence"}};
    return always_count().count(flag) > 0 || of_one.count({command, flag}) > 0;
}

Words filled_in(const Words& words, const std::map<std::string, std::string>& files) {
    Words filled;
    for (std::string word : words) {
        const auto file = files.find(word);
        if (file != files.end()) word = file->second;
        filled.push_back(word);
    }
    return filled;
}

}  // namespace

TEST_CASE("every flag of every command is known to count, or when it would not") {
    std::set<std::pair<std::string, std::string>> idle;
    for (const Idle& entry : idle_flags())
        idle.insert({entry.command, entry.flag.substr(0, entry.flag.find(' '))});
    for (const std::string& command : command_names()) {
        for (const HelpFlag& flag : flags_in_help(command)) {
            INFO(command << " " << flag.names.back());
            CHECK(std::any_of(flag.names.begin(), flag.names.end(), [&](const std::string& name) {
                return counts(command, name) || idle.count({command, name}) > 0;
            }));
        }
    }
}

TEST_CASE("a flag that would do nothing is refused, and named, before anything is written") {
    const TempFolder folder;
    const std::map<std::string, std::string> files{
        {"SOURCE", folder.write("w.json", "[[[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]]]")},
        {"OUT", folder / "out"},
        {"OUT.png", folder / "out.png"},
        {"OUT.html", folder / "out.html"},
        {"RUN", folder / "run"}};
    REQUIRE(
        run_program({"run", "-w", sample("model.json"), "--save", "weights", "-o", folder / "run"})
            .exit_code == 0);
    std::size_t number = 0;
    for (const Idle& idle : idle_flags()) {
        if (!takes_part(number++, 5)) continue;
        Words words = filled_in(idle.others, files);
        words.insert(words.begin(), idle.command);
        const std::size_t space = idle.flag.find(' ');
        words.push_back(idle.flag.substr(0, space));
        if (space != std::string::npos) {
            const Words value = filled_in({idle.flag.substr(space + 1)}, files);
            words.push_back(value.front());
        }
        const ProgramResult result = run_program(words);
        INFO(idle.command << " " << idle.flag << " beside "
                          << (idle.others.empty() ? "" : idle.others.back()) << ": " << result.err);
        CHECK(result.exit_code == 2);
        CHECK(result.out.empty());
        CHECK_THAT(result.err,
                   Catch::Contains(words[words.size() - (space != std::string::npos ? 2 : 1)]));
        CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
        CHECK_FALSE(std::filesystem::exists(folder / "out"));
        CHECK_FALSE(std::filesystem::exists(folder / "out.png"));
        CHECK_FALSE(std::filesystem::exists(folder / "out.html"));
    }
    CHECK_THAT(run_program({"diagnose", "-w", "x", "--observed", "y", "--scores-at", "scaled"}).err,
               Catch::Contains("unknown option --scores-at"));
}

TEST_CASE("the list of methods takes no other flag, whichever it is") {
    for (const HelpFlag& flag : flags_in_help("approx")) {
        const std::string& name = flag.names.back();
        if (name == "--list") continue;
        Words words{"approx", "--list", name};
        const std::string choice = flag.takes.substr(0, flag.takes.find('|'));
        if (!flag.takes.empty()) words.push_back(choice == flag.takes ? "2" : choice);
        const ProgramResult result = run_program(words);
        INFO(name << ": " << result.err);
        CHECK(result.exit_code == 2);
        CHECK(result.out.empty());
        CHECK(std::any_of(flag.names.begin(), flag.names.end(), [&](const std::string& spelling) {
            return spelling.size() > 2 && result.err.find(spelling) != std::string::npos;
        }));
    }
}

TEST_CASE("a value that no flag takes is refused with the name of the flag") {
    const TempFolder folder;
    const std::string source = folder.write("w.json", "[[1, 0], [0.5, 0.5]]");
    const std::map<std::string, Words> beside{{"look", {source}},
                                              {"check", {source}},
                                              {"stats", {source}},
                                              {"info", {source}},
                                              {"compare", {source, source}},
                                              {"heatmap", {source}},
                                              {"run", {}},
                                              {"rollout", {source}},
                                              {"report", {source}},
                                              {"diagnose", {}},
                                              {"grad", {}},
                                              {"approx", {}},
                                              {"monitor", {source, "--steps", "1"}}};
    std::size_t tried = 0;
    for (const std::string& command : command_names()) {
        for (const HelpFlag& flag : flags_in_help(command)) {
            const std::string& name =
                flag.names.back().compare(0, 2, "--") == 0 ? flag.names.back() : flag.names[0];
            const auto takes = [&](const char* what) {
                return flag.takes.find(what) != std::string::npos;
            };
            // Texts are what one likes, and a file that is missing is itself named.
            if (flag.takes.empty() || takes("FILE") || takes("ARRAY") || takes("DIR") ||
                takes("TEXT"))
                continue;
            Words words{command};
            if (!takes_part(tried++, 4)) continue;
            const Words& sources = beside.at(command);
            words.insert(words.end(), sources.begin(), sources.end());
            words.insert(words.end(), {name, "far-off"});
            if (command == "run" || command == "grad" || command == "approx")
                words.insert(words.end(), {"-w", sample("model.json")});
            if ((command == "run" || command == "heatmap" || command == "rollout") &&
                name != "--output")
                words.insert(words.end(), {"-o", folder / "out"});
            if (command == "heatmap" && (name == "--grid" || name == "--targets")) continue;
            if (command == "report" && name != "--output")
                words.insert(words.end(), {"-o", folder / "out.html"});
            if (command == "diagnose")
                words.insert(words.end(), {"-w", sample("model.json"), "--observed", source});
            const ProgramResult result = run_program(words);
            INFO(command << " " << name << ": " << result.err);
            CHECK(result.exit_code == 2);
            const bool named =
                std::any_of(flag.names.begin(), flag.names.end(), [&](const std::string& spelling) {
                    return spelling.size() > 2 && result.err.find(spelling) != std::string::npos;
                });
            CHECK(named);
        }
    }
    CHECK(tried > 60);
}

TEST_CASE("names that nobody knows are answered with the nearest, or with all there are") {
    const TempFolder folder;
    const std::string source = folder.write("w.json", "[[1, 0], [0.5, 0.5]]");
    const auto error = [](const Words& words) { return run_program(words).err; };
    CHECK_THAT(error({"check", source, "--only", "far-off"}),
               Catch::Contains("--only far-off") && Catch::Contains("row_sum") &&
                   Catch::Contains("half_precision"));
    CHECK_THAT(error({"check", source, "--only", "rowsum"}),
               Catch::Contains("did you mean row_sum?"));
    CHECK_THAT(error({"stats", source, "--sort", "far-off"}),
               Catch::Contains("--sort far-off") && Catch::Contains("effective_keys"));
    CHECK_THAT(error({"run", "-w", "x", "-o", "y", "--activation", "gelo"}),
               Catch::Contains("--activation gelo") && Catch::Contains("did you mean gelu?"));
    CHECK_THAT(error({"heatmap", source, "-o", folder / "out", "--colormap", "virids"}),
               Catch::Contains("--colormap virids") && Catch::Contains("did you mean viridis?"));
    CHECK_THAT(error({"heatmap", source, "-o", folder / "a.png", "--font", source}),
               Catch::Contains("--font " + source));
}
