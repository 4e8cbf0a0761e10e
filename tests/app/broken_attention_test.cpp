// Attention that is none, or holds NaN: no command dies of it, and none calls it fine.
#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/word_list.hpp"
#include "support/array_files.hpp"
#include "support/commands.hpp"
#include "support/program.hpp"

using namespace attn;
using namespace attn::test;
using Catch::Contains;
using Json = nlohmann::json;

namespace {

constexpr std::size_t kTokens = 4;
const Shape kShape{2, 2, kTokens, kTokens};

// Causal rows, uniform, and what `change` makes of every cell that may be attended.
template <class Change>
std::string saved(const TempFolder& folder, const std::string& name, Change change) {
    std::vector<float> cells;
    for (std::size_t i = 0; i < 4 * kTokens * kTokens; ++i) {
        const std::size_t query = i / kTokens % kTokens, key = i % kTokens;
        cells.push_back(key > query ? 0 : change(i, 1.0F / static_cast<float>(query + 1)));
    }
    return write_array(folder, name, kShape, cells);
}

struct Broken {
    std::string file;
    bool is_weights;  // 0 or more and finite
};

std::vector<Broken> broken_files(const TempFolder& folder) {
    const auto at = [](std::size_t place, float value) {
        return [=](std::size_t i, float weight) { return i == place ? value : weight; };
    };
    return {
        {saved(folder, "thrice.npy", [](std::size_t, float weight) { return 3 * weight; }), true},
        {saved(folder, "third.npy", [](std::size_t, float weight) { return weight / 3; }), true},
        {saved(folder, "zero.npy", [](std::size_t, float) { return 0.0F; }), true},
        {saved(folder, "negative.npy", at(20, -0.25F)), false},
        {saved(folder, "scores.npy",
               [](std::size_t i, float) { return static_cast<float>(i % 5) - 2.5F; }),
         false},
        {saved(folder, "nan.npy", at(20, std::nanf(""))), false},
        {saved(folder, "infinite.npy", at(20, INFINITY)), false},
    };
}

// Every command that reads such an array.
std::vector<Arguments> commands_on(const std::string& file, const std::string& good,
                                   const TempFolder& folder) {
    return {{"look", file},
            {"look", file, good},
            {"stats", file},
            {"stats", file, "--similarity"},
            {"check", file},
            {"compare", file, good},
            {"rollout", file},
            {"approx", file, "--method", "local:window=2,topk:k=2"},
            {"approx", file, "--needs"},
            {"monitor", good, file, "--steps", "1,2"},
            {"heatmap", file, "-o", folder / "sheet.png", "--sheet", "--force"},
            {"report", file, "-o", folder / "page.html", "--no-rollout", "--force"}};
}

// Three tokens of width 2, one head: q, k and v, or x and its matrices. One of those is `bad` and
// holds a NaN.
Arguments computed(const TempFolder& folder, bool embeddings, const std::string& bad = "") {
    const auto write = [&](const std::string& array, const Shape& shape) {
        std::vector<float> values;
        for (std::size_t i = 0; i < element_count(shape, array); ++i)
            values.push_back(static_cast<float>((i * 7 + array.size()) % 5) / 4 - 0.4F);
        if (array == bad) values[2] = std::nanf("");
        return write_array(folder, array + ".npy", shape, values);
    };
    if (embeddings) {
        for (const char* matrix : {"w/W_Q", "w/W_K", "w/W_V", "w/W_O"}) write(matrix, {2, 2});
        return {"-x", write("x", {3, 2}), "-w", folder / "w", "--heads", "1"};
    }
    const Shape shape{1, 3, 2};
    return {"-q", write("q", shape), "-k", write("k", shape), "-v", write("v", shape)};
}

}  // namespace

TEST_CASE("broken attention is a finding or one line of ours, in every command") {
    const TempFolder folder;
    const std::string good =
        saved(folder, "good.npy", [](std::size_t, float weight) { return weight; });
    for (const Broken& broken : broken_files(folder)) {
        for (const Arguments& command : commands_on(broken.file, good, folder)) {
            const ProgramResult result = run_program(command);
            INFO(joined(command, " ") << "\n" << result.out << result.err);
            CHECK(result.exit_code <= 2);
            if (result.exit_code != 2) continue;
            CHECK_FALSE(broken.is_weights);
            CHECK_THAT(result.err, Contains("expected attention weights of 0 or more") ||
                                       Contains("cannot be read"));
        }
    }
}

TEST_CASE("a first look fails what is no attention, and says so") {
    const TempFolder folder;
    for (const Broken& broken : broken_files(folder)) {
        const ProgramResult result = run_program({broken.file});
        INFO(broken.file << "\n" << result.out << result.err);
        CHECK(result.exit_code == 1);
        CHECK_THAT(result.out, Contains("FAIL"));
    }
}

TEST_CASE(
    "the farthest of a comparison is NaN where one is, before larger differences and behind") {
    const TempFolder folder;
    const auto with = [&](const std::string& name, std::size_t nan, std::size_t far) {
        return saved(folder, name, [=](std::size_t i, float weight) {
            return i == nan ? std::nanf("") : i == far ? 9.0F : weight;
        });
    };
    const std::string good = with("good.npy", 999, 999);
    for (const auto& [nan, far] : {std::pair{0, 16}, {16, 0}, {16, 999}, {48, 0}}) {
        const ProgramResult result = run_program(
            {"compare", with("b.npy", static_cast<std::size_t>(nan), static_cast<std::size_t>(far)),
             good});
        CHECK(result.exit_code == 1);
        CHECK_THAT(result.out, Contains("max_abs NaN"));
    }
}

TEST_CASE("scores that were saved for weights raise no alarm over training") {
    const TempFolder folder;
    const std::string good =
        saved(folder, "good.npy", [](std::size_t, float weight) { return weight; });
    for (const Broken& broken : broken_files(folder)) {
        const ProgramResult result = run_program({"monitor", good, broken.file, "--steps", "1,2"});
        INFO(broken.file << "\n" << result.out << result.err);
        if (broken.file.find("nan") != std::string::npos ||
            broken.file.find("infinite") != std::string::npos) {
            CHECK_THAT(result.out, Contains("alarm nonfinite: step 2, layer 0, head 1"));
        } else if (!broken.is_weights) {
            CHECK(result.exit_code == 2);
            CHECK_THAT(result.err, Contains(broken.file + ", step 2: layer ") &&
                                       Contains("expected attention weights of 0 or more"));
        }
    }
}

TEST_CASE("gradients of NaN are never ok") {
    for (const char* name : {"x", "q", "k", "v"}) {
        const TempFolder folder;
        const Arguments command =
            join(join({"grad"}, computed(folder, name == std::string("x"), name)),
                 {"--allow-nonfinite"});
        const ProgramResult result = run_program(join(command, {"--check"}));
        INFO(name << "\n" << result.out << result.err);
        CHECK(result.exit_code == 1);
        CHECK_THAT(result.out, Contains(": nonfinite") && !Contains(": ok"));
        CHECK_THAT(result.err, Contains("NaN") && !Contains("give --precision f64") &&
                                   !Contains("passes no gradient"));
        const Json json = Json::parse(run_program(join(command, {"--json"})).out);
        CHECK(json["model"]["verdict"] == "nonfinite");
        CHECK_FALSE(json["failed"].empty());
    }
}

TEST_CASE("nothing is said of approximations of NaN") {
    for (const char* name : {"x", "q", "k", "v"}) {
        for (const Arguments& what : {Arguments{"--needs"},
                                      {"--method", "topk:k=2,int8"},
                                      {"--method", "topk:k=2", "--max-error", "0.1"}}) {
            const TempFolder folder;
            const ProgramResult result =
                run_program(join(join({"approx"}, computed(folder, name == std::string("x"), name)),
                                 join(what, {"--allow-nonfinite"})));
            INFO(name << " " << what[0] << "\n" << result.out << result.err);
            CHECK(result.exit_code == 2);
            CHECK(result.out.empty());
            CHECK_THAT(result.err, Contains("layer 0, head 0, query ") &&
                                       (Contains("is nan") || Contains("holds NaN")));
        }
    }
}

TEST_CASE("a page of NaN has no plane of queries and keys where there is none") {
    for (const char* name : {"x", "q", "k", "v"}) {
        const TempFolder folder;
        const ProgramResult result =
            run_program(join(join({"report"}, computed(folder, name == std::string("x"), name)),
                             {"--allow-nonfinite", "-o", folder / "page.html"}));
        INFO(name << "\n" << result.out << result.err);
        CHECK(result.exit_code == 0);
    }
}

// Parts of a command that say nothing themselves must not stumble over what others say.
TEST_CASE("what is worth a warning is none that ends a command") {
    const TempFolder folder;
    const std::string good =
        saved(folder, "good.npy", [](std::size_t, float weight) { return weight; });
    const std::string late =
        write_array<float>(folder, "late.npy", {1, 2, 4}, {0.5F, 0.5F, 0, 0, 0, 0, 0.5F, 0.5F});
    const std::string ones =
        write_array<float>(folder, "ones.npy", {3, 3}, std::vector<float>(9, 1));
    const std::string four = write_array<float>(folder, "4.npy", {4, 4}, std::vector<float>(16, 1));
    const std::string square = write_array<char>(folder, "b.npy", {2, 4}, {1, 1, 1, 1, 1, 1, 0, 1});
    const std::string two =
        write_array<float>(folder, "two.npy", {1, 2, 1, 2, 4}, std::vector<float>(16, 0.25F));
    const Arguments layer = computed(folder, true);
    const std::string seen = write_array<float>(folder, "seen.npy", {1, 3, 3},
                                                {1, 0, 0, 0.5F, 0.5F, 0, 0.25F, 0.25F, 0.5F});
    const std::string words = folder.write("t.json", R"(["a", "b", "c", "d"])");
    const std::string last = folder.write("q.json", R"(["c", "d"])");
    const std::string other = folder.write("o.json", R"(["x", "y"])");
    for (const Arguments& command : std::vector<Arguments>{
             {"look", good, "--mask", four},
             {"check", good, "--mask", four},
             {"report", good, "--mask", four, "-o", folder / "a.html"},
             {"look", two, "--mask", square},
             {"look", late, "--tokens", last, "--key-tokens", words},
             {"look", late, "--tokens", other, "--key-tokens", words},
             join({"grad", "--mask", ones, "--verify", "2"}, layer),
             join({"diagnose", "--mask", ones, "--observed", seen}, layer),
             join({"approx", "--mask", ones, "--method", "topk:k=2"}, layer),
             join({"rollout", "--mask", ones}, layer),
             join({"rollout", "--mask", ones, "--method", "contributions"}, layer),
             join({"report", "--mask", ones, "-o", folder / "b.html"}, layer),
             {"monitor", "--checkpoints", folder / "w", folder / "w", "--steps", "1,2", "-x",
              folder / "x.npy", "--heads", "1", "--mask", ones, "--grad", "sum"}}) {
        const ProgramResult result = run_program(command);
        INFO(joined(command, " ") << "\n" << result.out << result.err);
        CHECK(result.exit_code <= 1);
        CHECK_THAT(result.err, !Contains("error: bad") && !Contains("std::"));
    }
}
