// compare with attention that is computed: the same as with the same attention saved.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/array_files.hpp"
#include "support/arrays.hpp"
#include "support/commands.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::test;
using Catch::Contains;
using Json = nlohmann::json;

namespace {

const std::string kModel = sample("model.json");

void save_run(const std::string& out, const Arguments& more) {
    const ProgramResult result =
        run_program(join({"run", "-o", out, "--save", "weights", "--quiet"}, more));
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
}

// Whatever is said of A and of B that is computed is said of A and of B that was saved.
void check_same(const TempFolder& folder, const std::string& a, const Arguments& computed,
                const Arguments& more = {}) {
    save_run(folder / "b", computed);
    const ProgramResult saved = run_program(join({"compare", a, folder / "b", "--json"}, more));
    const ProgramResult streamed =
        run_program(join(join({"compare", a, "--json"}, computed), more));
    INFO(saved.err << streamed.err);
    REQUIRE(saved.exit_code < 2);
    CHECK(streamed.exit_code == saved.exit_code);
    Json one = Json::parse(saved.out), other = Json::parse(streamed.out);
    // Only in B: a folder's name, or that of the weights.
    CHECK(one["missing"].size() == other["missing"].size());
    CHECK(one["heads"] == other["heads"]);
    CHECK(one["same"] == other["same"]);
}

}  // namespace

TEST_CASE("what was saved is the same as what is computed again") {
    const TempFolder folder;
    save_run(folder / "a", {"-w", kModel});
    const ProgramResult result = run_program({"compare", folder / "a", "-w", kModel});
    INFO(result.err);
    CHECK(result.exit_code == 0);
    CHECK(result.out == "the same: all 8 heads are close\n");
    CHECK(result.err.empty());
}

TEST_CASE("computed attention differs from a saved one in the same numbers as when it is saved") {
    const TempFolder folder;
    save_run(folder / "a", {"-w", kModel});
    check_same(folder, folder / "a", {"-w", kModel, "--scale", "0.3"});
    check_same(folder, folder / "a", {"-w", kModel, "--window", "5,0"});
    check_same(folder, folder / "a", {"-w", kModel, "--no-causal"}, {"--atol", "1e-3"});
    check_same(folder, folder / "a", {"-w", kModel, "--rope", "--precision", "f64"});
    const std::string mask =
        write_array<char>(folder, "mask.npy", {1, 49}, std::vector<char>(49, 1));
    check_same(folder, folder / "a", {"-w", kModel, "--mask", mask});
}

TEST_CASE("layers and heads that were saved are the ones that are compared") {
    const TempFolder folder;
    save_run(folder / "a", {"-w", kModel, "--layers", "1", "--head", "0,2"});
    const ProgramResult result = run_program({"compare", folder / "a", "-w", kModel, "--json"});
    const Json json = Json::parse(result.out);
    REQUIRE(json["heads"].size() == 2);
    CHECK(json["heads"][1]["layer"] == 1);
    CHECK(json["heads"][1]["head"] == 2);
    CHECK(json["missing"].size() == 6);
    CHECK(json["missing"][0] == "layer 0, head 0: only in " + kModel);
}

TEST_CASE("a batch is compared sequence by sequence") {
    const TempFolder folder;
    const Arguments model{"-w", kModel, "-x", sample("batch_embeddings.npy")};
    save_run(folder / "a", model);
    check_same(folder, folder / "a", join(model, {"--key-lengths", "49,30,12"}));
}

TEST_CASE("an array of another program has the axes that match what is computed") {
    const TempFolder folder;
    const std::string heads =
        write_array<float>(folder, "q.npy", {2, 3, 2}, {1, 0, 0, 1, 1, 1, 0.5, 1, 1, 0.5, 0, 0});
    const Arguments computed{"-q", heads, "-k", heads, "-v", heads, "--causal"};
    save_run(folder / "run", computed);
    const ProgramResult result =
        run_program(join({"compare", folder / "run/layer00/weights.npy"}, computed));
    INFO(result.err);
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.out, Contains("the same: all 2 heads are close"));
}

TEST_CASE("computed attention is compared in the same bits by any number of threads") {
    const TempFolder folder;
    save_run(folder / "a", {"-w", kModel});
    const Arguments command{"compare", folder / "a", "-w", kModel, "--scale", "0.2", "--json"};
    CHECK(run_program(join({"--threads", "1"}, command)).out ==
          run_program(join({"--threads", "3"}, command)).out);
}

TEST_CASE("sides that do not fit are refused in one line") {
    const TempFolder folder;
    const std::string small = write_array<float>(folder, "small.npy", {1, 2, 2}, {1, 0, 0.5, 0.5});
    save_run(folder / "a", {"-w", kModel});
    const auto error = [](const Arguments& words) {
        const ProgramResult result = run_program(words);
        CHECK(result.exit_code == 2);
        CHECK(result.out.empty());
        CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
        return result.err;
    };
    CHECK_THAT(error({"compare", small, "-w", kModel}), Contains("cannot be compared"));
    CHECK_THAT(error({"compare", folder / "a"}),
               Contains("b: is missing") && Contains("--weights"));
    CHECK_THAT(error({"compare", folder / "a", "-w", kModel, "-o", folder / "out"}),
               Contains("--output") && Contains("run first"));
    CHECK_THAT(error({"compare", folder / "a", folder / "a", "-w", kModel}),
               Contains("--weights: has no effect on saved attention, only without B"));
    CHECK_THAT(error({"compare", folder / "a", folder / "a", "--causal"}), Contains("--causal"));
    CHECK_THAT(error({"compare", folder / "a", "-w", kModel, "--axes-b", "q,k"}),
               Contains("--axes-b"));
}
