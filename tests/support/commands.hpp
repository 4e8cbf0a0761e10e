// One call of every command that works and prints, for tests that walk over all of them.
#pragma once

#include <string>
#include <vector>

#include "support/arrays.hpp"
#include "support/temp_folder.hpp"

namespace attn::test {

using Arguments = std::vector<std::string>;

inline Arguments join(Arguments first, const Arguments& more) {
    first.insert(first.end(), more.begin(), more.end());
    return first;
}

inline const Arguments kSampleModel{"-x", sample("embeddings.npy"), "-w", sample("weights")};

// What the commands below read attention from; a copy, so that a test can choose its name.
inline std::string copy_of_weights(const TempFolder& temp, const std::string& name) {
    return temp.write(name, read_file(golden("induction/weights0.npy")));
}

// Every command, every form of what it prints. `weights` is a copy_of_weights; pictures and arrays
// go below `out`.
inline std::vector<Arguments> printing_commands(const std::string& weights,
                                                const std::string& out) {
    std::vector<Arguments> commands{{"--version"}, {"--help"}};
    for (const char* name : {"look", "run", "heatmap", "stats", "check", "compare", "diagnose",
                             "grad", "monitor", "info", "rollout", "approx", "report"})
        commands.push_back({name, "--help"});
    const Arguments run = join({"run", "-o", out + "-run"}, kSampleModel);
    const Arguments diagnose = join({"diagnose", "--observed", weights}, kSampleModel);
    for (const Arguments& command : {run,
                                     Arguments{"stats", weights},
                                     {"check", weights},
                                     {"compare", weights, weights},
                                     diagnose,
                                     join({"grad"}, kSampleModel),
                                     join({"approx"}, kSampleModel),
                                     {"rollout", weights},
                                     {"monitor", weights, "--steps", "1"},
                                     {"info", weights}}) {
        commands.push_back(command);
        commands.push_back(join(command, {"--json"}));
    }
    commands.push_back({"look", weights});
    commands.push_back({weights, weights});
    commands.push_back({"stats", weights, "--csv"});
    commands.push_back({"stats", weights, "--similarity"});
    commands.push_back({"monitor", weights, "--steps", "1", "--csv"});
    commands.push_back({"heatmap", weights, "-o", out + "-pictures"});
    commands.push_back({"heatmap", weights, "-o", out + ".png", "--sheet"});
    commands.push_back({"heatmap", weights, "--terminal"});
    commands.push_back({"report", weights, "-o", out + ".html"});
    commands.push_back(
        join({"approx", "--csv", "--no-pictures", "-o", out + "-approx"}, kSampleModel));
    commands.push_back(join({"grad", "--csv", "-o", out + "-grad"}, kSampleModel));
    return commands;
}

}  // namespace attn::test
