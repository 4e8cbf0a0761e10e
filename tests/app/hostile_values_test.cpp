// Every flag of every command with values that nobody means: the program ends by itself, soon, with
// exit code 0, 1 or 2, and 2 comes with one line. The flags are those that --help-all lists, so
// that a new one is tried too. Under sanitizers a quarter of it: each flag, and each value.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>

#include "support/help.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"
#include "support/thinned.hpp"

using namespace attn::test;
namespace fs = std::filesystem;

namespace {

// What each command needs to go through; a flag that is tried itself is left out.
std::vector<std::string> base_of(const std::string& command, const TempFolder& folder,
                                 const std::string& tried) {
    const std::string model = std::string(ATTN_SOURCE_DIR) + "/data/induction/model.json";
    const std::string array = folder / "weights.json";
    std::vector<std::string> words{command};
    const auto add = [&](const std::string& flag, const std::string& value) {
        if (flag != tried) words.insert(words.end(), {flag, value});
    };
    if (command == "run" || command == "diagnose" || command == "grad") add("--weights", model);
    if (command == "approx" && tried != "source") add("--weights", model);
    if (command == "run" || command == "grad") add("--output", folder / "out");
    if (command == "diagnose") {
        add("--observed", array);
    }
    if (command == "heatmap") add("--output", folder / "picture.png");
    if (command == "compare") words.insert(words.end(), {array, array});
    if (command == "monitor") {
        if (tried == "--steps-axis" || tried == "--axes")
            words.push_back(array);
        else
            words.insert(words.end(), {"--checkpoints", model, "--steps", "5"});
    }
    if (command == "rollout") add("--output", folder / "out");
    if (command == "report") add("--output", folder / "page.html");
    if (command == "report" || command == "rollout" || command == "heatmap" || command == "stats" ||
        command == "check" || command == "info" || command == "look")
        words.push_back(array);
    return words;
}

const std::vector<std::string>& hostile_values() {
    static const std::vector<std::string> values{"",
                                                 "-1",
                                                 "nan",
                                                 "1e999",
                                                 "99999999999999999999",
                                                 "0x10",
                                                 "1,2",
                                                 "0:0:0",
                                                 "/",
                                                 "-",
                                                 "--",
                                                 "18446744073709551615",
                                                 "héllo \u202e\x1b[31m\n",
                                                 std::string(20000, '7'),
                                                 "no/such/file.npy:key"};
    return values;
}

// Results go into the folder, whatever they are called.
std::string value_for(const std::string& flag, const std::string& value, const TempFolder& folder) {
    const bool output = flag == "--output" || flag == "--received";
    return output && !value.empty() ? folder / ("o/" + value) : value;
}

void limit_time() {
    const rlimit seconds{5, 5};
    ::setrlimit(RLIMIT_CPU, &seconds);
    ::alarm(60);  // for what waits and does not compute; other tests may keep the machine busy
}

void check_end(const std::vector<std::string>& arguments, const std::string& flag,
               const std::string& value) {
    const ProgramResult result = run_program(arguments, "", limit_time);
    INFO(flag << " " << value.substr(0, 60) << ": " << result.err.substr(0, 300));
    CHECK((result.exit_code >= 0 && result.exit_code <= 2));
    if (result.exit_code != 2) return;
    CHECK_THAT(result.err, Catch::StartsWith("attn-inspect: "));
    CHECK_THAT(result.err, !Catch::Contains("Could not convert"));  // a number without a range
    std::size_t errors = 0;
    std::istringstream lines(result.err);
    for (std::string line; std::getline(lines, line);)
        errors += line.rfind("attn-inspect: warning: ", 0) == 0 ? 0 : 1;
    CHECK(errors == 1);
}

void try_all(const std::string& command) {
    const auto flags = flags_in_help(command);
    REQUIRE(flags.size() > 2);
    std::size_t number = 0;
    for (const HelpFlag& flag : flags) {
        const std::string& name = flag.names.back();
        for (const std::string& value : hostile_values()) {
            if (!takes_part(number++, 12)) continue;
            const TempFolder folder;
            folder.write("weights.json", "[[[1, 0], [0.5, 0.5]], [[1, 0], [0.25, 0.75]]]");
            std::vector<std::string> arguments = base_of(command, folder, name);
            if (!flag.takes.empty()) {
                arguments.push_back(name + "=" + value_for(name, value, folder));
            } else {
                arguments.push_back(name + (value == hostile_values()[0] ? "" : "=" + value));
            }
            check_end(arguments, name, value);
        }
    }
}

}  // namespace

TEST_CASE("hostile values of the flags of run end as one line") {
    try_all("run");
}

TEST_CASE("hostile values of the flags of look end as one line") {
    try_all("look");
}

TEST_CASE("hostile values of the flags of heatmap end as one line") {
    try_all("heatmap");
}

TEST_CASE("hostile values of the flags of stats end as one line") {
    try_all("stats");
}

TEST_CASE("hostile values of the flags of check end as one line") {
    try_all("check");
}

TEST_CASE("hostile values of the flags of compare end as one line") {
    try_all("compare");
}

TEST_CASE("hostile values of the flags of diagnose end as one line") {
    try_all("diagnose");
}

TEST_CASE("hostile values of the flags of grad end as one line") {
    try_all("grad");
}

TEST_CASE("hostile values of the flags of approx end as one line") {
    try_all("approx");
}

TEST_CASE("hostile values of the flags of rollout end as one line") {
    try_all("rollout");
}

TEST_CASE("hostile values of the flags of monitor end as one line") {
    try_all("monitor");
}

TEST_CASE("hostile values of the flags of info end as one line") {
    try_all("info");
}

TEST_CASE("hostile values of the flags of report end as one line") {
    try_all("report");
}
