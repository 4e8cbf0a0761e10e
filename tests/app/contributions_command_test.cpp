// What the values add: run --save value_weighted …, and rollout of attention that is computed.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "support/arrays.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::test;
using Catch::Contains;
using Words = std::vector<std::string>;

namespace {

const std::string kModelFile = ATTN_SOURCE_DIR "/data/induction/model.json";

Array<double> run_array(const TempFolder& folder, const std::string& save,
                        const std::string& name) {
    REQUIRE(run_program({"run", "-w", kModelFile, "--precision", "f64", "--save", save, "--force",
                         "-o", folder / "run"})
                .exit_code == 0);
    return load(folder / ("run/" + name + ".npy"));
}

Words rollout(const Words& more) {
    Words words{"rollout"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

}  // namespace

TEST_CASE("value-weighted attention is the weights times the lengths of the values") {
    const TempFolder folder;
    const Array<double> found =
        run_array(folder, "value_weighted,weights,v", "layer01/value_weighted");
    const Array<double> weights = load(folder / "run/layer01/weights.npy");
    const Array<double> v = load(folder / "run/layer01/v.npy");
    const std::size_t heads = weights.extent(0), n = weights.extent(1), width = v.extent(2);
    REQUIRE(found.shape() == weights.shape());
    double gap = 0;
    for (std::size_t head = 0; head < heads; ++head) {
        for (std::size_t key = 0; key < n; ++key) {
            double squares = 0;
            for (std::size_t i = 0; i < width; ++i)
                squares += std::pow(v.data()[(head * n + key) * width + i], 2);
            for (std::size_t query = 0; query < n; ++query) {
                const std::size_t cell = (head * n + query) * n + key;
                gap = std::max(
                    gap, std::abs(found.data()[cell] - weights.data()[cell] * std::sqrt(squares)));
            }
        }
    }
    CHECK(gap < 1e-12);
}

TEST_CASE("the rollout of contributions through one layer is what run saves of it") {
    const TempFolder folder;
    const Array<double> saved =
        run_array(folder, "contributions,mixing_ratio", "layer00/contributions");
    CHECK(load(folder / "run/layer00/mixing_ratio.npy").shape() == Shape{saved.extent(0)});
    REQUIRE(run_program(rollout({"-w", kModelFile, "--method", "contributions", "--layer", "0",
                                 "--precision", "f64", "-o", folder / "rollout"}))
                .exit_code == 0);
    const Array<double> rolled = load(folder / "rollout/rollout.npy");
    REQUIRE(rolled.shape() == saved.shape());
    CHECK(max_difference(rolled, saved) < 1e-12);
}

// Of models whose norms stand behind the attention: the last layer's, too.
TEST_CASE("contributions are the same whatever else is asked for") {
    for (const std::string family : {"bert", "gemma2", "torch_encoder", "gpt2"}) {
        const TempFolder folder;
        const std::string model = golden("models/" + family);
        const bool ids = std::filesystem::exists(model + "/token_ids.npy");
        const Words input = ids ? Words{"--token-ids", model + "/token_ids.npy"}
                                : Words{"-x", model + "/embeddings.npy"};
        const auto contributions = [&](const std::string& name, const Words& more) {
            Words words{"run", "-w", model, "--precision", "f64", "--quiet", "-o", folder / name};
            words.insert(words.end(), input.begin(), input.end());
            words.insert(words.end(), more.begin(), more.end());
            const ProgramResult result = run_program(words);
            INFO(result.err);
            REQUIRE(result.exit_code == 0);
            const std::string layer = name == "first" ? "/layer00" : "/layer01";
            return read_file(folder / (name + layer + "/contributions.npy"));
        };
        INFO(family);
        const std::string whole = contributions("whole", {"--save", "contributions,hidden"});
        CHECK(contributions("alone", {"--save", "contributions"}) == whole);
        CHECK(contributions("last", {"--save", "contributions", "--layers", "1"}) == whole);
        CHECK(contributions("first", {"--save", "contributions", "--layers", "0"}) ==
              read_file(folder / "whole/layer00/contributions.npy"));
    }
}

TEST_CASE("attention that is computed rolls out to the same bits as attention that was saved") {
    const TempFolder folder;
    run_array(folder, "weights", "layer00/weights");
    const Words flags{"--residual", "0.3",         "--first-key", "drop",   "--head",
                      "1,3",        "--precision", "f64",         "--force"};
    Words saved = rollout({folder / "run", "-o", folder / "saved"});
    Words computed = rollout({"-w", kModelFile, "-o", folder / "computed"});
    saved.insert(saved.end(), flags.begin(), flags.end());
    computed.insert(computed.end(), flags.begin(), flags.end());
    REQUIRE(run_program(saved).exit_code == 0);
    REQUIRE(run_program(computed).exit_code == 0);
    CHECK(read_file(folder / "saved/rollout.npy") == read_file(folder / "computed/rollout.npy"));
}

TEST_CASE("what cannot be told of the values is refused in one line") {
    const TempFolder folder;
    const std::vector<std::pair<Words, std::string>> lines{
        {{"run", "-w", kModelFile, "--save", "contributions", "--head", "1", "-o", folder / "out"},
         "are sums over all heads; leave out --head"},
        {{"run", "-w", kModelFile, "--norm-weight", kModelFile, "--save", "weights", "-o",
          folder / "out"},
         "--norm-weight: is for --save contributions and mixing_ratio"},
        {{"rollout"}, "rollout needs SOURCE, attention that was saved"},
        {{"rollout", folder / "run", "--method", "contributions"},
         "needs values, which saved weights have not"},
        {{"rollout", folder / "run", "-w", kModelFile},
         "--weights: has no effect on saved attention, only without SOURCE"},
        {{"rollout", "-w", kModelFile, "--method", "relevance"}, "needs --gradients"},
        {{"rollout", "-w", kModelFile, "--method", "contributions", "--residual", "0.2"},
         "--residual: has no effect on --method contributions"},
    };
    run_array(folder, "weights", "layer00/weights");
    for (const auto& [words, text] : lines) {
        const ProgramResult result = run_program(words);
        INFO(result.err);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Contains(text));
        CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
        CHECK_FALSE(std::filesystem::exists(folder / "out"));
    }
}
