// Every flag that changes the attention, alone and with every other, against PyTorch in float64;
// and what is said when one of them is wrong.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"
#include "support/thinned.hpp"

using namespace attn;
using namespace attn::test;
namespace fs = std::filesystem;

namespace {

// Golden results of all cases lie one after the other; this hands them out.
class Sequel {
  public:
    explicit Sequel(const std::string& name) : all_(load(golden("flags/expected/" + name))) {}
    Array<double> next(const Shape& shape) {
        const std::size_t size = element_count(shape, "golden");
        REQUIRE(at_ + size <= all_.size());
        const double* from = all_.data() + at_;
        at_ += size;
        return {shape, std::vector<double>(from, from + size)};
    }
    bool finished() const { return at_ == all_.size(); }

  private:
    Array<double> all_;
    std::size_t at_ = 0;
};

// The arguments with the names of arrays as paths to them.
std::vector<std::string> with_paths(std::vector<std::string> arguments) {
    for (std::string& argument : arguments) {
        const std::size_t end = argument.rfind(".npy");
        const bool is_path = argument.front() == '/';
        if (end != std::string::npos && end + 4 == argument.size() && !is_path)
            argument = golden("flags/" + argument);
    }
    return arguments;
}

// Runs with the arguments; expects exit code 2, one line with all the texts, and nothing written.
void check_arguments_refused(std::vector<std::string> arguments,
                             const std::vector<std::string>& texts) {
    const TempFolder folder;
    arguments.insert(arguments.begin(), {"run", "-o", folder / "out"});
    const auto result = run_program(with_paths(arguments));
    INFO(result.err);
    CHECK(result.exit_code == 2);
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    for (const std::string& text : texts) CHECK_THAT(result.err, Catch::Contains(text));
    CHECK_FALSE(fs::exists(folder / "out"));
}

// The same with the golden queries, keys and values and more arguments.
void check_flags_refused(const std::vector<std::string>& more,
                         const std::vector<std::string>& texts) {
    std::vector<std::string> arguments{"-q", "q.npy", "-k", "k.npy", "-v", "v.npy"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    check_arguments_refused(arguments, texts);
}

// An array of float64 in a file.
std::string array_file(const TempFolder& folder, const std::string& name, const Shape& shape,
                       const std::vector<double>& values) {
    std::string tuple = "(";
    for (const std::size_t extent : shape) tuple += std::to_string(extent) + ", ";
    return folder.write(name, npy_bytes(npy_dictionary("<f8", tuple + ")"), bytes_of(values)));
}

}  // namespace

TEST_CASE("every flag and every pair of flags agrees with PyTorch in float64") {
    std::ifstream stream(golden("flags/cases.json"));
    const auto cases = nlohmann::json::parse(stream);
    REQUIRE(cases.size() > 250);
    Sequel scores("scores.npy"), weights("weights.npy"), contexts("contexts.npy");
    const TempFolder folder;
    std::size_t number = 0;
    for (const auto& test : cases) {
        INFO(test["name"]);
        const Shape cells{2, 4, 5, test["keys"].get<std::size_t>()};
        const auto right_scores = scores.next(cells), right_weights = weights.next(cells),
                   right_contexts = contexts.next({2, 4, 5, 3});
        if (!takes_part(number++, 4)) continue;
        std::vector<std::string> arguments{
            "run", "--precision", "f64", "--save", "scores,weights,context", "-o", folder / "out"};
        for (const auto& argument : test["arguments"]) arguments.push_back(argument);
        const auto result = run_program(with_paths(arguments));
        const bool warned = result.err.find("warning: --alibi: is slope") != std::string::npos;
        REQUIRE((result.err.empty() || warned));
        const std::string layer = folder / "out/layer00/";
        CHECK(max_difference(load(layer + "scores.npy"), right_scores) < 1e-12);
        CHECK(max_difference(load(layer + "weights.npy"), right_weights) < 1e-12);
        CHECK(max_difference(load(layer + "context.npy"), right_contexts) < 1e-12);
    }
    CHECK(scores.finished());
    CHECK(weights.finished());
    CHECK(contexts.finished());
}

TEST_CASE("a mask of the wrong shape names the flag and both shapes") {
    const TempFolder folder;
    const auto mask = [&](const Shape& shape) {
        return array_file(folder, "mask.npy", shape,
                          std::vector<double>(element_count(shape, ""), 0.5));
    };
    check_flags_refused({"--mask", mask({4, 5})}, {"--mask", "[4, 5]", "[2, 4, 5, 5]"});
    check_flags_refused({"--mask", mask({3, 5, 5})}, {"--mask", "[3, 5, 5]", "[2, 4, 5, 5]"});
    check_flags_refused({"--mask", mask({5, 6})}, {"--mask", "[5, 6]", "5"});
    check_flags_refused({"--mask", mask({1, 2, 4, 5, 5})}, {"--mask", "[1, 2, 4, 5, 5]"});
    check_flags_refused({"--bias", mask({5, 4})}, {"--bias", "[5, 4]", "5 "});
    check_flags_refused({"--sink", mask({3})}, {"--sink", "[3]", "[4]"});
    check_flags_refused({"--relative-bias", mask({8, 3})},
                        {"--relative-bias", "[8, 3]", "[buckets, 4]"});
}

TEST_CASE("a mask with NaN or +inf is refused, one of 0 and 1 draws a warning") {
    const TempFolder folder;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    check_flags_refused({"--mask", array_file(folder, "nan.npy", {5}, {0, 0, nan, 0, 0})},
                        {"nan.npy", "[2]"});
    check_flags_refused({"--mask", array_file(folder, "inf.npy", {5}, {0, 0, 0, infinity, 0})},
                        {"inf.npy", "[3]"});
    check_flags_refused(
        {"--mask", array_file(folder, "add.npy", {5}, {0, 0, 0, -2, 0}), "--mask-true", "ignore"},
        {"--mask-true ignore", "float64"});

    const std::string ones = array_file(folder, "ones.npy", {5}, {1, 1, 1, 0, 0});
    const auto result = run_program(with_paths({"run", "-q", "q.npy", "-k", "k.npy", "-v", "v.npy",
                                                "--mask", ones, "-o", folder / "out"}));
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.err, Catch::StartsWith("attn-inspect: warning: ") &&
                               Catch::Contains("holds only 0 and 1") && Catch::Contains("bool"));
}

TEST_CASE("lengths, offsets and windows that cannot be are refused") {
    check_flags_refused({"--key-lengths", "5,3,1"}, {"--key-lengths", "3 numbers", "2 sequences"});
    check_flags_refused({"--key-lengths=-1,3"}, {"--key-lengths", "-1", "5 keys"});
    check_flags_refused({"--key-lengths", "5,6"}, {"--key-lengths", "6", "5 keys"});
    check_flags_refused({"--query-offset", "1,2,3"},
                        {"--query-offset", "3 numbers", "2 sequences"});
    check_flags_refused({"--query-offset", "half.npy"}, {"half.npy"});
    check_flags_refused({"--window=-2,0"}, {"--window", "-2,0"});
    check_flags_refused({"--window", "3"}, {"--window", "LEFT,RIGHT"});
    check_flags_refused({"--window", "a,b"}, {"--window", "LEFT,RIGHT"});
    check_flags_refused({"--softcap", "0"}, {"--softcap", "above 0"});
    check_flags_refused({"--softcap=-30"}, {"--softcap", "above 0"});
}

TEST_CASE("heads that do not fit the arrays are refused") {
    check_flags_refused({"--heads", "8"}, {"--heads", "[2, 4, 5, 4]", "[batch, n, heads * d]"});
    check_flags_refused({"--kv-heads", "4"}, {"--kv-heads", "[batch, n, heads * d]"});
    const TempFolder folder;
    const auto odd = array_file(folder, "odd.npy", {2, 3, 5, 4}, std::vector<double>(120, 1));
    check_arguments_refused({"-q", "q.npy", "-k", odd, "-v", odd}, {"4 heads", "3"});
    const auto packed = array_file(folder, "packed.npy", {5, 12}, std::vector<double>(60, 1));
    const auto three = array_file(folder, "three.npy", {5, 9}, std::vector<double>(45, 1));
    const std::vector<std::string> arrays{"-q", packed, "-k", three, "-v", three};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.end(), arrays.begin(), arrays.end());
        return more;
    };
    check_arguments_refused(with({"--heads", "4", "--kv-heads", "3"}), {"4 heads", "3"});
    check_arguments_refused(with({"--heads", "5"}), {"--heads", "[5, 12]", "5"});
}

TEST_CASE("a cache needs both halves, of the right shape") {
    check_flags_refused({"--past-key", "past_key.npy"}, {"--past-key needs --past-value"});
    check_flags_refused({"--past-value", "past_value.npy"}, {"--past-value needs --past-key"});
    check_flags_refused({"--past-key", "past_key.npy", "--past-value", "past_key.npy"},
                        {"--past-value", "[2, 2, 3, 4]", "[2, 2, past, 3]"});
    check_flags_refused({"--past-key", "past_key.npy", "--past-value", "v.npy"}, {"3 tokens", "5"});
}

TEST_CASE("positions that cannot be are refused") {
    const TempFolder folder;
    check_flags_refused({"--rope", "--rope-dim", "3"}, {"--rope-dim 3", "even"});
    check_flags_refused({"--rope", "--rope-dim", "6"}, {"--rope-dim 6", "4 columns"});
    check_flags_refused({"--rope", "--rope-theta", "0"}, {"--rope-theta", "above 0"});
    check_flags_refused(
        {"--rope", "--positions", array_file(folder, "four.npy", {4}, {0, 1, 2, 3})},
        {"--positions", "4 numbers", "5"});
    check_flags_refused(
        {"--rope", "--positions", array_file(folder, "minus.npy", {5}, {0, 1, -2, 3, 4})},
        {"--positions", "-2", "expected a whole number from 0"});
    check_flags_refused(
        {"--rope", "--positions", array_file(folder, "half.npy", {5}, {0, 1, .5, 3, 4})},
        {"--positions", "0.5", "whole number"});
    check_flags_refused({"--relative-bias", "table.npy", "--relative-max-distance", "4"},
                        {"--relative-max-distance 4"});
    check_flags_refused({"--positions", "positions.npy"}, {"--positions", "--rope"});
}

TEST_CASE("a mask of each sequence's keys is refused with advice") {
    const TempFolder folder;
    const std::string ids = array_file(folder, "ids.npy", {2, 5}, {1, 1, 1, 1, 1, 1, 1, 1, 0, 0});
    check_flags_refused({"--mask", ids}, {"[2, 5]", "--key-lengths", "[2, 1, 1, 5]"});
    check_flags_refused({"--bias", ids}, {"[2, 5]", "[2, 1, 1, 5]", "--bias"});
    check_flags_refused({"--key-lengths", ids}, {"10 numbers", "--mask", "[2, 1, 1, 5]"});
}

TEST_CASE("one process has no ring") {
    check_flags_refused({"--ring", "--save", "context"},
                        {"--ring", "here is one process", "attn-inspect-mpi"});
}
