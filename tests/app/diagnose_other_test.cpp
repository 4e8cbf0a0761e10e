// Observations that are no plain weights of their layer: means of the heads, what another layer
// made.
#include <catch2/catch.hpp>

#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;

namespace {

const std::vector<std::string> kModel{
    "-x", sample("embeddings.npy"), "-w", sample("weights"), "--heads", "4"};

std::vector<std::string> with(std::vector<std::string> first,
                              const std::vector<std::string>& more) {
    first.insert(first.end(), more.begin(), more.end());
    return first;
}

ProgramResult diagnose(const std::vector<std::string>& arguments) {
    return run_program(with({"diagnose"}, arguments));
}

// What our own run gives of all layers, in a folder of that name.
void attentions(const TempFolder& folder, const std::vector<std::string>& flags,
                const std::string& name) {
    REQUIRE(run_program(with({"run", "--save", "weights", "-o", folder / name}, flags)).exit_code ==
            0);
}

}  // namespace

TEST_CASE("the mean of the heads is named, alone and beside another mistake") {
    const TempFolder folder;
    const auto mean_of = [&](const std::vector<std::string>& flags) {
        attentions(folder, with(kModel, flags), "theirs");
        const auto array = load(folder / "theirs/layer00/weights.npy");
        std::vector<float> mean(49 * 49);
        for (std::size_t i = 0; i < array.size(); ++i)
            mean[i % mean.size()] += static_cast<float>(array.data()[i] / 4);
        const std::string seen = folder.write("mean.npy", npy_floats("(1, 49, 49)", mean));
        return diagnose(with(kModel, {"--causal", "--observed", seen})).out;
    };
    CHECK_THAT(mean_of({"--causal"}), Catch::Contains("  heads averaged\n") &&
                                          Catch::Contains("average_attn_weights=False"));
    CHECK_THAT(mean_of({"--no-causal"}), Catch::Contains("causal mask missing + heads averaged"));
}

TEST_CASE("keys and values of the next layer are named, and so are its matrices") {
    const TempFolder folder;
    const std::vector<std::string> model{"-w", sample("model.json")};
    run_program(with({"run", "--save", "weights,q,k", "-o", folder / "out"}, model));
    run_program({"run", "-q", folder / "out/layer00/q.npy", "-k", folder / "out/layer01/k.npy",
                 "-v", folder / "out/layer01/k.npy", "--causal", "--save", "weights", "-o",
                 folder / "mixed"});
    const auto result = diagnose(with(model, {"--observed", folder / "mixed/layer00/weights.npy"}));
    INFO(result.err);
    CHECK_THAT(result.out, Catch::Contains("  keys and values of the next layer\n") &&
                               Catch::Contains("past_key_values[layer_idx]"));
}
