// Flags that take a number: what is out of their range is refused before anything is read.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/program.hpp"
#include "support/temp_folder.hpp"
#include "support/thinned.hpp"

using namespace attn::test;

namespace {

const std::string kModelFile = std::string(ATTN_SOURCE_DIR) + "/data/induction/model.json";

struct NumberFlag {
    std::vector<std::string> command;
    std::string flag;
    std::vector<std::string> out_of_range;  // beside what no number may be
};

const std::vector<std::string> kRun{"run", "-w", kModelFile};
const std::vector<std::string> kDiagnose{"diagnose", "-w", kModelFile, "--observed", "x.npy"};

std::vector<NumberFlag> number_flags() {
    return {
        {{"info", kModelFile}, "--threads", {"0", "4097", "-1"}},
        {kRun, "--heads", {"0", "-4", "1048577", "18446744073709551616"}},
        {kRun, "--kv-heads", {"0"}},
        {kRun, "--scale", {"1e39", "-1e39", "1e-39"}},
        {kRun, "--softcap", {"0", "-1", "1e39", "1e-320"}},
        {{"run", "-w", kModelFile, "--rope"}, "--rope-theta", {"0", "-1", "1e39"}},
        {{"run", "-w", kModelFile, "--rope"}, "--rope-dim", {"0", "1", "-2", "2.0"}},
        {{"run", "-w", kModelFile, "--relative-bias", "x.npy"}, "--relative-max-distance", {"1"}},
        {kRun, "--query-offset", {"1099511627777", "-9223372036854775808"}},
        {kRun, "--window", {"1", "1,2,3", "-2,0", "9223372036854775807,0"}},
        {kRun, "--key-lengths", {"-1", "99999999999"}},
        {kRun, "--vmin", {"1e39", "p-1", "p100.5", "p", "99%"}},
        {kRun, "--vmax", {"1e39", "p101", "ninety"}},
        {kRun, "--cell", {"0", "257"}},
        {kRun, "--max-size", {"15", "16385"}},
        {kRun, "--layers", {"-1", "2-1", "0-18446744073709551615"}},
        {kRun, "--head", {"-1", "2-1", "18446744073709551615-0"}},
        {kDiagnose, "--layer", {"-1", "1048577"}},
        {kDiagnose, "--scale", {"1e39"}},
        {{"heatmap", "x.npy", "--terminal"}, "--layer", {"-1"}},
        {{"heatmap", "x.npy", "--terminal"}, "--vmin", {"1e308"}},
        {{"stats", "x.npy"}, "--seq", {"-1"}},
        {{"stats", "x.npy"}, "--top", {"0", "-1"}},
        {{"stats", "x.npy", "--similarity"}, "--cluster-threshold", {"-0.1", "1.1"}},
        {{"check", "x.npy"}, "--atol", {"-1", "1.5"}},
        {{"compare", "x.npy", "y.npy"}, "--atol", {"-1"}},
        {{"compare", "x.npy", "y.npy"}, "--rtol", {"-1e-9"}},
    };
}

}  // namespace

TEST_CASE("no flag that takes a number takes one out of its range") {
    const TempFolder folder;
    std::size_t number = 0;
    for (const NumberFlag& test : number_flags()) {
        std::vector<std::string> values{"nan",   "-nan", "inf", "-inf",   "infinity",
                                        "1e999", "0x10", "1 ",  "number", "4x"};
        values.insert(values.end(), test.out_of_range.begin(), test.out_of_range.end());
        for (const std::string& value : values) {
            if (!takes_part(number++, 4)) continue;
            std::vector<std::string> arguments = test.command;
            arguments.push_back(test.flag + "=" + value);
            if (arguments[0] == "run") arguments.insert(arguments.end(), {"-o", folder / "out"});
            const auto result = run_program(arguments);
            INFO(test.flag << " " << value << ": " << result.err);
            CHECK(result.exit_code == 2);
            CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
            CHECK_THAT(result.err, Catch::Contains(test.flag));
            CHECK_FALSE(std::filesystem::exists(folder / "out"));
        }
    }
}

TEST_CASE("a range is told with the flag and the value") {
    const auto refusal = [](const std::vector<std::string>& arguments) {
        return run_program(arguments).err;
    };
    CHECK_THAT(refusal({"compare", "a", "b", "--atol", "inf"}),
               Catch::Contains("--atol inf: expected a finite number of 0 or more"));
    CHECK_THAT(refusal({"stats", "a", "--similarity", "--cluster-threshold", "nan"}),
               Catch::Contains("--cluster-threshold nan: expected a number from 0 to 1"));
    CHECK_THAT(refusal({"run", "-w", "x", "-o", "y", "--heads", "0"}),
               Catch::Contains("--heads 0: expected a whole number from 1 to 1048576"));
    CHECK_THAT(refusal({"run", "-w", "x", "-o", "y", "--scale", "1e39"}),
               Catch::Contains("--scale 1e39: expected a number that float32 can hold"));
}

TEST_CASE("the colours of a picture have a range that ends") {
    const TempFolder folder;
    const std::string array = folder.write("a.json", "[[0.25, 0.75], [1, 0]]");
    struct Row {
        std::vector<std::string> flags;
        const char* refusal;  // empty: a picture
    };
    const Row rows[] = {
        {{"--vmin=1", "--vmax=1.0000000000000002"}, ""},
        {{"--vmin=0", "--vmax=1.2e-38"}, ""},
        {{"--vmin=-3.4e38", "--vmax=3.4e38"}, ""},
        {{"--vmin=5"}, ""},
        {{"--vmax=-5"}, ""},
        {{"--vmin=-0"}, ""},
        {{"--color-scale=log", "--vmin=5"}, ""},
        {{"--color-scale=log", "--vmax=1.2e-38"}, ""},
        {{"--color-scale=sqrt", "--vmin=-1"}, ""},
        {{"--color-scale=log", "--vmin=-1"}, "--vmin -1: a log scale"},
        {{"--color-scale=log", "--vmin=0"}, "--vmin 0: a log scale"},
        {{"--color-scale=log", "--vmax=-2"}, "--vmax -2: a log scale"},
        {{"--vmin=2", "--vmax=1"}, "--vmin 2 --vmax 1: the low end"},
        {{"--vmin=1", "--vmax=1"}, "--vmin 1 --vmax 1: the low end"},
        {{"--vmin=p1", "--vmax=p99.5"}, ""},
        {{"--vmin=0.5", "--vmax=p0"}, ""},
        {{"--color-scale=log", "--vmin=p0"}, ""},
        {{"--vmin=p99", "--vmax=p1"}, "--vmin p99 --vmax p1: the low end"},
    };
    for (const Row& row : rows) {
        for (const std::string place : {"-o", "--terminal"}) {
            std::vector<std::string> arguments{"heatmap", array, place};
            if (place == "-o") arguments.push_back(folder / "a.png");
            arguments.insert(arguments.end(), row.flags.begin(), row.flags.end());
            const auto result = run_program(arguments);
            INFO(row.flags.front() << ": " << result.err);
            CHECK(result.exit_code == (*row.refusal == '\0' ? 0 : 2));
            CHECK_THAT(result.err, Catch::Contains(row.refusal));
        }
    }
}
