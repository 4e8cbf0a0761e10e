// Observations that are no plain weights of their layer: means of the heads, what another layer
// made.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>

#include "support/arrays.hpp"
#include "support/diagnoses.hpp"
#include "support/npy_bytes.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;

TEST_CASE("the mean of the heads is named, alone and beside another mistake") {
    const TempFolder folder;
    const auto mean_of = [&](const std::vector<std::string>& flags) {
        save_attentions(folder, join(kFourHeads, flags), "theirs");
        const auto array = load(folder / "theirs/layer00/weights.npy");
        std::vector<float> mean(49 * 49);
        for (std::size_t i = 0; i < array.size(); ++i)
            mean[i % mean.size()] += static_cast<float>(array.data()[i] / 4);
        const std::string seen = folder.write("mean.npy", npy_floats("(1, 49, 49)", mean));
        return run_diagnose(join(kFourHeads, {"--causal", "--observed", seen})).out;
    };
    CHECK_THAT(mean_of({"--causal"}), Catch::Contains("  heads averaged\n") &&
                                          Catch::Contains("average_attn_weights=False"));
    CHECK_THAT(mean_of({"--no-causal"}), Catch::Contains("causal mask missing + heads averaged"));
}

TEST_CASE("keys and values of the next layer are named, and so are its matrices") {
    const TempFolder folder;
    const std::vector<std::string> model{"-w", sample("model.json")};
    run_program(join({"run", "--save", "weights,q,k", "-o", folder / "out"}, model));
    run_program({"run", "-q", folder / "out/layer00/q.npy", "-k", folder / "out/layer01/k.npy",
                 "-v", folder / "out/layer01/k.npy", "--causal", "--save", "weights", "-o",
                 folder / "mixed"});
    const auto result =
        run_diagnose(join(model, {"--observed", folder / "mixed/layer00/weights.npy"}));
    INFO(result.err);
    CHECK_THAT(result.out, Catch::Contains("  keys and values of the next layer\n") &&
                               Catch::Contains("past_key_values[layer_idx]"));
}

TEST_CASE("heads can be chosen of an array of all layers, and of one that holds only them") {
    const TempFolder folder;
    save_attentions(folder, {"-w", sample("model.json")}, "right");
    save_attentions(folder, {"-w", sample("model.json"), "--scale", "1"}, "wrong");
    const auto write = [&](const std::string& second, std::size_t first_head, std::size_t heads) {
        std::vector<float> all;
        for (const std::string& file :
             {std::string("right/layer00/weights.npy"), second + "/layer01/weights.npy"}) {
            const auto layer = load(folder / file);
            const double* const first = layer.data() + first_head * 49 * 49;
            for (std::size_t i = 0; i < heads * 49 * 49; ++i)
                all.push_back(static_cast<float>(first[i]));
        }
        return folder.write("all.npy",
                            npy_floats("(2, " + std::to_string(heads) + ", 49, 49)", all));
    };
    const auto says = [&](const std::string& file, const std::string& head) {
        return run_diagnose({"-w", sample("model.json"), "--observed", file, "--head", head}).out;
    };
    CHECK_THAT(says(write("right", 0, 4), "1"), Catch::Contains("of all 2 layers agree"));
    for (const std::size_t held : {4u, 2u}) {
        const std::string text = says(write("wrong", held == 4 ? 0 : 1, held), "1,2");
        CHECK_THAT(text, Catch::StartsWith("layer 1 is the first that goes wrong; layer 0 is "
                                           "correct\n"));
    }
    CHECK(run_diagnose({"-w", sample("model.json"), "--observed", write("right", 0, 4), "--head",
                        "1", "--layer", "1"})
              .exit_code == 0);
}

TEST_CASE("a probe tells apart what explains an observation equally well") {
    const TempFolder folder;
    const auto random = [&](const std::string& name, unsigned seed) {
        const auto array = random_array<float>({2, 20, 8}, seed);
        return folder.write(name, npy_floats("(2, 20, 8)", {array.data(), array.data() + 320}));
    };
    const std::vector<std::string> theirs{"-q", random("q.npy", 1), "-k", random("k.npy", 2),
                                          "-v", random("v.npy", 3)};
    save_attentions(folder, join(theirs, {"--scale", "0.3"}), "wrong");
    const std::string probe = folder / "probe";
    const auto first = run_diagnose(join(
        theirs, {"--observed", folder / "wrong/layer00/weights.npy", "--probe", probe, "--json"}));
    INFO(first.out << first.err);
    const auto json = nlohmann::json::parse(first.out);
    REQUIRE(json["explanations"].size() == 2);  // another scale, scaled input
    REQUIRE(json["probe"]["files"].size() == 3);
    CHECK(json["probe"]["observe"] == "output");

    const std::vector<std::string> again{"-q", probe + "/q.npy", "-k", probe + "/k.npy",
                                         "-v", probe + "/v.npy"};
    run_program(join({"run", "--save", "output", "--scale", "0.3", "-o", folder / "seen"}, again));
    const std::string seen = folder / "seen/layer00/output.npy";
    const auto second = nlohmann::json::parse(
        run_diagnose(join(again, {"--observed", seen, "--observed-is", "output", "--json"})).out);
    REQUIRE(second["explanations"].size() == 1);
    CHECK(second["explanations"][0]["mistakes"][0] == "another scale");
}

TEST_CASE("where there is nothing to tell apart no probe is written, and it is said why") {
    const TempFolder folder;
    save_attentions(folder, join(kFourHeads, {"--scale", "1"}), "wrong");
    const std::string seen = folder / "wrong/layer00/weights.npy";
    const auto result =
        run_diagnose(join(kFourHeads, {"--observed", seen, "--probe", folder / "probe"}));
    CHECK_THAT(result.out, Catch::Contains("probe: nothing was written: there is one explanation"));
    CHECK_FALSE(std::filesystem::exists(folder / "probe"));
    const auto refused = run_diagnose({"-w", golden("models/gpt2"), "--token-ids",
                                       golden("models/gpt2") + "/token_ids.npy", "--observed", seen,
                                       "--probe", folder / "probe"});
    CHECK(refused.exit_code == 2);
    CHECK_THAT(refused.err, Catch::Contains("--probe: ") && Catch::Contains("--embeddings"));
}

TEST_CASE("the head that differs most is drawn, and so is an output") {
    const TempFolder folder;
    save_attentions(folder, join(kFourHeads, {"--scale", "1"}), "wrong");
    const auto result =
        run_diagnose(join(kFourHeads, {"--observed", folder / "wrong/layer00/weights.npy", "-o",
                                       folder / "pictures"}));
    INFO(result.out << result.err);
    CHECK_THAT(result.out, Catch::Contains("picture: " + (folder / "pictures/layer00/head")));
    std::size_t pictures = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "pictures/layer00"))
        pictures += entry.path().extension() == ".png" ? 1 : 0;
    CHECK(pictures == 1);
    run_program(
        join({"run", "--save", "output", "--scale", "1", "-o", folder / "out"}, kFourHeads));
    run_diagnose(join(
        kFourHeads, {"--observed", folder / "out/layer00/output.npy", "-o", folder / "pictures"}));
    CHECK(std::filesystem::exists(folder / "pictures/layer00/output.png"));
}

TEST_CASE("the largest weights of each row, as topk gives them, are read and named") {
    const TempFolder folder;
    save_attentions(folder, join(kFourHeads, {"--causal"}), "theirs");
    const auto array = load(folder / "theirs/layer00/weights.npy");
    constexpr std::size_t kTop = 5, kKeys = 49;
    std::vector<float> largest, rising;
    for (std::size_t row = 0; row < array.size(); row += kKeys) {
        std::vector<double> weights(array.data() + row, array.data() + row + kKeys);
        std::sort(weights.begin(), weights.end(), std::greater<>());
        weights.resize(kTop);
        const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
        for (const double weight : weights) largest.push_back(static_cast<float>(weight / sum));
        rising.insert(rising.end(), largest.rbegin(), largest.rbegin() + kTop);
    }
    const auto diagnosed = [&](const std::vector<float>& values) {
        const std::string seen = folder.write("top.npy", npy_floats("(1, 4, 49, 5)", values));
        return run_diagnose(join(kFourHeads, {"--causal", "--observed", seen}));
    };
    const auto result = diagnosed(largest);
    INFO(result.err);
    CHECK_THAT(result.out, Catch::Contains("only the largest weights kept, without their places") &&
                               Catch::Contains("5 in each row"));
    CHECK_THAT(result.err, Catch::Contains("read as the 5 largest of the 49 numbers of each row"));
    // In any other order they are no such thing.
    CHECK_THAT(diagnosed(rising).err, Catch::Contains("expected weights or scores [1, 4, 49, 49]"));
}
