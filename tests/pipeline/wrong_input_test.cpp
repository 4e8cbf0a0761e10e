// What commands say of folders and flags that do not go together.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/lab.hpp"

using namespace attn::test;

namespace {

struct WrongInput {
    Arguments words;
    std::string text;
};

void check_each_refused(const std::vector<WrongInput>& inputs) {
    for (const WrongInput& input : inputs) {
        const auto result = run_program(input.words);
        INFO(input.text << "\n" << result.err);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Catch::Contains(input.text));
    }
}

// The sample's attention, in a folder of run.
std::string run_of_sample(const TempFolder& folder, const std::string& name,
                          const Arguments& more) {
    const std::string out = folder / name;
    const auto result = run_program(join(join({"run"}, kSampleModel), join({"-o", out}, more)));
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return out;
}

void replace_by(const std::string& file, const std::string& other) {
    std::filesystem::copy_file(other, file, std::filesystem::copy_options::overwrite_existing);
}

}  // namespace

TEST_CASE("folders of a run that hold other layers, or arrays of other shapes, are refused") {
    const TempFolder folder;
    const std::string first = run_of_sample(folder, "a", {"--save", "weights", "--layers", "0"});
    const std::string second = run_of_sample(folder, "b", {"--save", "weights", "--layers", "1"});
    const std::string run =
        run_of_sample(folder, "c", {"--save", "weights,scores", "--scores-at", "biased"});
    const std::string context = golden("induction/context0.npy");
    check_each_refused({
        {{"compare", first, second},
         first + " and " + second + ": have no layer and head in common"},
        {join({"diagnose", "--observed", first}, kSampleModel),
         first + ": is a folder that one of our commands wrote, here an array of it is wanted"},
    });
    replace_by(run + "/layer00/scores.npy", context);
    check_each_refused({{{"check", run}, "scores.npy [4, 49, 16]: does not fit the weights"}});
    replace_by(run + "/layer01/weights.npy", context);
    check_each_refused(
        {{{"stats", run}, "weights.npy [4, 49, 16]: does not fit " + run + "/manifest.json"}});
}

TEST_CASE("a damaged list of checks is refused where a run is looked at") {
    const TempFolder folder;
    const std::string run = run_of_sample(folder, "run", {"--save", "check"});
    folder.write("run/check.json", R"({"verdict": "PASS"})");
    check_each_refused({{{"look", run}, "check.json: is damaged, expected checks"}});
}

TEST_CASE("gradients of a rollout are those of heads") {
    const TempFolder folder;
    const std::string run = run_of_sample(folder, "run", {"--save", "weights"});
    const std::string grad = folder / "grad";
    REQUIRE(run_program(join({"grad", "--upstream", "energy", "--save", "weights", "-o", grad},
                             kSampleModel))
                .exit_code == 0);
    replace_by(grad + "/layer00/grad_weights.npy", sample("embeddings.npy"));
    check_each_refused({{{"rollout", run, "--gradients", grad, "--method", "relevance"},
                         "[49, 64]: expected gradients [(batch,) heads, queries, keys]"}});
}

TEST_CASE("rollout of a computed attention is of a whole sequence and of layers that are there") {
    const TempFolder folder;
    const std::string one = folder.write("one.json", "[[[1, 2]]]");
    const std::string two = folder.write("two.json", "[[[1, 2], [3, 4]]]");
    const Arguments rollout = join({"rollout"}, kSampleModel);
    check_each_refused({
        {{"rollout", "-q", one, "-k", two, "-v", two},
         "one.json: rollout needs self-attention of a whole sequence, this is [1, 2]"},
        {join(rollout, {"--start-layer", "9"}), "--start-layer 9: no layer is left, the last is 1"},
        {join(rollout, {"--method", "contributions", "--head", "0"}),
         "--head: has no effect on --method contributions"},
    });
}

TEST_CASE("a run that goes on can read its input again, and a norm is as wide as the outputs") {
    const TempFolder folder;
    const std::string three = folder.write("three.json", "[1, 2, 3]");
    const Arguments to{"-o", folder / "out"};
    const auto piped =
        run_program(join({"run", "-x", "-", "-w", sample("weights"), "--resume"}, to),
                    read_file(sample("embeddings.npy")));
    CHECK(piped.exit_code == 2);
    CHECK_THAT(piped.err, Catch::Contains("--resume: standard input cannot be read again"));
    check_each_refused(
        {{join(join({"run", "--save", "contributions", "--norm-weight", three}, to), kSampleModel),
          "three.json [3]: expected [64] (--norm-weight)"}});
}
