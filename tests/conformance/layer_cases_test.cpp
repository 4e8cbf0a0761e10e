// The reference cases of what goes across layers, backwards and over training, as a user runs them,
// in both precisions.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/arrays.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::test;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

struct Precision {
    const char* name;
    double arrays;   // of the largest number
    double numbers;  // relative, of JSON
    double floor;    // of JSON, absolute
};
constexpr Precision kPrecisions[] = {{"f32", 2.2e-4, 1e-3, 1e-4}, {"f64", 1.1e-9, 1e-8, 1e-9}};

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const auto place = text.find(what);
    return place == std::string::npos ? text : text.replace(place, what.size(), by);
}

double largest_of(const Array<double>& array) {
    double largest = 0;
    for (const double value : array.values()) largest = std::max(largest, std::abs(value));
    return largest;
}

// Entries of lists are found by what they are called; what is not expected is not looked at.
void compare_json(const Json& found, const Json& expected, const Precision& precision) {
    CAPTURE(expected.dump().substr(0, 80), found.dump().substr(0, 80));
    if (expected.is_object()) {
        for (const auto& [key, value] : expected.items()) {
            INFO(key);
            REQUIRE(found.count(key) == 1);
            compare_json(found[key], value, precision);
        }
    } else if (expected.is_array() && !expected.empty() && !expected.front().is_object()) {
        REQUIRE(found.size() == expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i)
            compare_json(found[i], expected[i], precision);
    } else if (expected.is_array()) {
        for (const Json& entry : expected) {
            const auto same = [&](const Json& other) {
                for (const char* name : {"layer", "seq", "head", "query", "name", "step"}) {
                    const bool differs = entry.count(name) == 1 && other.count(name) == 1 &&
                                         other[name] != entry[name];
                    if (differs || entry.count(name) > other.count(name)) return false;
                }
                return true;
            };
            const auto place = std::find_if(found.begin(), found.end(), same);
            REQUIRE(place != found.end());
            compare_json(*place, entry, precision);
        }
    } else if (expected.is_number_float()) {
        const double wanted = expected.get<double>();
        CHECK(std::abs(found.get<double>() - wanted) <=
              precision.numbers * std::abs(wanted) + precision.floor);
    } else {
        CHECK(found == expected);
    }
}

void check_run(const fs::path& folder, const Json& run, const Precision& precision) {
    const TempFolder out;
    std::vector<std::string> words{run["command"].get<std::string>()};
    for (const std::string flag : run["flags"]) {
        words.push_back(replaced(replaced(flag, "{case}", folder.string()), "{nano-gpt}",
                                 ATTN_CASES_DIR "/nano-gpt"));
    }
    const auto own = std::find(words.begin(), words.end(), "--precision");
    if (own != words.end() && *(own + 1) != precision.name) return;
    if (own == words.end()) words.insert(words.end(), {"--precision", precision.name});
    words.insert(words.end(), {"-o", out / "out", "--json", "--quiet"});
    const ProgramResult result = run_program(words);
    CAPTURE(folder.filename(), precision.name, result.err);
    REQUIRE(result.exit_code == run["exit"]);
    std::map<std::string, Array<double>> expected;
    for (const auto& [file, reference] : run["arrays"].items())
        expected[file] = load((folder / reference.get<std::string>()).string());
    for (const auto& [file, array] : expected) {
        INFO(file);
        double size = largest_of(array);
        // 0 in theory: measured against the matrix beside it.
        const auto twin = expected.find(replaced(file, "b_K", "W_K"));
        if (file.find("grad_b_K") != std::string::npos && twin != expected.end())
            size = std::max(size, largest_of(twin->second));
        CHECK(max_difference(load(out / ("out/" + file)), array) <=
              precision.arrays * size + 1e-12);
    }
    if (run.count("json") == 1)
        compare_json(Json::parse(result.out),
                     Json::parse(read_file(folder / run["json"].get<std::string>())), precision);
}

}  // namespace

TEST_CASE("rollouts, gradients and trainings agree with the reference cases in both precisions") {
    std::size_t runs = 0;
    if (!fs::is_directory(ATTN_CASES_DIR "/layers")) {
        WARN("no cases across layers in " ATTN_CASES_DIR);
        return;
    }
    for (const auto& entry : fs::directory_iterator(ATTN_CASES_DIR "/layers")) {
        if (!fs::exists(entry.path() / "case.json")) continue;
        const Json all = Json::parse(read_file(entry.path() / "case.json"));
        for (const Json& run : all["runs"]) {
            ++runs;
            for (const Precision& precision : kPrecisions) check_run(entry.path(), run, precision);
        }
    }
    CHECK(runs >= 88);
}
