// From files to a named mistake.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/index_list.hpp"
#include "support/arrays.hpp"
#include "support/commands.hpp"
#include "support/diagnoses.hpp"
#include "support/npy_bytes.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using Json = nlohmann::json;

namespace {

void check_no_verdict(const std::vector<std::string>& arguments, const std::string& text) {
    const auto result = run_diagnose(arguments);
    CHECK((result.exit_code == 2 && result.out.empty()));
    CHECK_THAT(result.err, Catch::Contains(text));
}

std::string shape_of(const attn::Shape& shape) {
    std::string text = "(";
    for (const std::size_t extent : shape) text += std::to_string(extent) + ", ";
    return text + ")";
}

// Arrays of one shape as the elements of one.
std::string stacked(const TempFolder& folder, const std::vector<std::string>& files) {
    std::vector<float> all;
    attn::Shape shape{files.size()};
    for (const std::string& file : files) {
        const auto array = load(folder / file);
        if (all.empty()) shape.insert(shape.end(), array.shape().begin(), array.shape().end());
        for (const double value : array.values()) all.push_back(static_cast<float>(value));
    }
    return folder.write("stacked.npy", npy_floats(shape_of(shape), all));
}

}  // namespace

TEST_CASE("right attention is correct, exit code 0") {
    const TempFolder folder;
    for (const char* file : {"weights.npy", "scores.npy", "output.npy"}) {
        const std::string seen = observed(folder, join(kFourHeads, {"--causal"}), file);
        const auto result = run_diagnose(join(kFourHeads, {"--causal", "--observed", seen}));
        CHECK(result.exit_code == 0);
        CHECK_THAT(result.out, Catch::StartsWith("correct: the observed "));
    }
}

TEST_CASE("a mistake is named with advice, exit code 1") {
    const TempFolder folder;
    const std::string seen =
        observed(folder, join(kFourHeads, {"--scale", "1", "--no-causal"}), "weights.npy");
    const auto result = run_diagnose(join(kFourHeads, {"--causal", "--observed", seen}));
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.out, Catch::Contains("no scale + causal mask missing") &&
                               Catch::Contains("Multiply the scores with 1 / sqrt(d_head): ") &&
                               Catch::Contains("\n  read: Vaswani et al. 2017, "));
    const auto json =
        Json::parse(run_diagnose(join(kFourHeads, {"--causal", "--observed", seen, "--json"})).out);
    CHECK(json["verdict"] == "mistake");
    CHECK(json["observed"] == "weights");
    CHECK(json["explanations"][0]["mistakes"] ==
          Json::parse(R"(["no scale", "causal mask missing"])"));
    CHECK(json["explanations"][0]["residual"].get<double>() < 1e-5);
}

TEST_CASE("the output may be that of each head, as scaled_dot_product_attention returns it") {
    const TempFolder folder;
    constexpr std::size_t heads = 2, tokens = 5, width = 3;
    std::vector<std::string> flags{"--causal"};
    unsigned seed = 0;
    for (const char* name : {"-q", "-k", "-v"}) {
        const auto array = random_array<float>({heads, tokens, width}, ++seed);
        const std::vector<float> values(array.data(), array.data() + array.size());
        flags.emplace_back(name);
        flags.push_back(
            folder.write(std::string(name + 1) + ".npy", npy_floats("(2, 5, 3)", values)));
    }
    const std::string joined = read_file(observed(folder, flags, "output.npy"));
    const char* const rows = joined.data() + joined.size() - 4 * heads * tokens * width;
    std::string separate;
    for (std::size_t row = 0; row < heads * tokens; ++row)
        separate.append(rows + 4 * width * (row % tokens * heads + row / tokens), 4 * width);
    const std::string seen =
        folder.write("separate.npy", npy_bytes(npy_dictionary("<f4", "(2, 5, 3)"), separate));
    CHECK(run_diagnose(join(flags, {"--observed", seen})).exit_code == 0);
    CHECK(run_diagnose(join(flags, {"--observed", seen, "--scale", "1"})).exit_code == 1);
}

TEST_CASE("any layer can be looked at") {
    const TempFolder folder;
    run_program({"run", "-w", sample("model.json"), "--save", "weights", "-o", folder / "out"});
    const auto result = run_diagnose({"-w", sample("model.json"), "--layer", "1", "--observed",
                                      folder / "out/layer01/weights.npy"});
    CHECK(result.exit_code == 0);
}

TEST_CASE("of an array of all layers the first that goes wrong is named, and why") {
    const TempFolder folder;
    const std::vector<std::string> model{"-w", sample("model.json")};
    save_attentions(folder, model, "right");
    save_attentions(folder, join(model, {"--scale", "1"}), "wrong");
    const auto seen = [&](const std::string& first, const std::string& second) {
        return join(model, {"--observed", stacked(folder, {first + "/layer00/weights.npy",
                                                           second + "/layer01/weights.npy"})});
    };
    const auto none = run_diagnose(seen("right", "right"));
    CHECK(none.exit_code == 0);
    CHECK_THAT(none.out, Catch::Contains("of all 2 layers agree"));

    const auto second = run_diagnose(seen("right", "wrong"));
    CHECK(second.exit_code == 1);
    CHECK_THAT(second.out, Catch::StartsWith("layer 1 is the first that goes wrong; layer 0 is "
                                             "correct\n"));

    const auto first = run_diagnose(seen("wrong", "wrong"));
    CHECK_THAT(first.out, Catch::StartsWith("layer 0 is the first that goes wrong\n") &&
                              Catch::Contains("no scale") &&
                              Catch::Contains("layer 1 is not judged"));
    const auto json = Json::parse(run_diagnose(join(seen("wrong", "wrong"), {"--json"})).out);
    CHECK(json["layer"] == 0);
    CHECK(json["layers"][0]["verdict"] == "wrong");
    CHECK(json["layers"][1]["verdict"].is_null());
    CHECK(run_diagnose(join(seen("right", "wrong"), {"--layer", "0"})).exit_code == 0);
}

TEST_CASE("outputs of all layers are looked at like their weights") {
    const TempFolder folder;
    const std::vector<std::string> model{"-w", sample("model.json")};
    save_attentions(folder, model, "right");
    const std::string all =
        stacked(folder, {"right/layer00/output.npy", "right/layer01/output.npy"});
    const auto right = run_diagnose(join(model, {"--observed", all}));
    CHECK(right.exit_code == 0);
    CHECK_THAT(right.out, Catch::Contains("output of all 2 layers agrees"));
    const std::string twice =
        stacked(folder, {"right/layer00/output.npy", "right/layer00/output.npy"});
    CHECK_THAT(run_diagnose(join(model, {"--observed", twice})).out,
               Catch::StartsWith("layer 1 is the first that goes wrong; layer 0 is correct"));
}

TEST_CASE("behind a layer that is wrong each is judged on the hidden states that were given") {
    const TempFolder folder;
    const std::vector<std::string> model{"-w", sample("model.json")};
    save_attentions(folder, join(model, {"--scale", "1"}), "wrong");
    const auto x = load(sample("embeddings.npy"));
    auto hidden = std::vector<float>(x.data(), x.data() + x.size());
    const auto added = load(folder / "wrong/layer00/output.npy");
    for (std::size_t i = 0; i < x.size(); ++i)
        hidden.push_back(static_cast<float>(x.data()[i] + added.data()[i]));
    const std::vector<std::string> states{
        "-w", sample("model.json"), "--hidden-states",
        folder.write("hidden.npy", npy_floats(shape_of({2, x.extent(0), x.extent(1)}), hidden))};
    save_attentions(folder, states, "right");
    const auto judge = [&](const std::string& second) {
        const std::string all =
            stacked(folder, {"wrong/layer00/weights.npy", second + "/layer01/weights.npy"});
        return run_diagnose(join(states, {"--observed", all})).out;
    };
    CHECK_THAT(judge("right"), Catch::StartsWith("layer 0 is the first that goes wrong\n") &&
                                   Catch::Contains("layer 1 is correct on the hidden states"));
    CHECK_THAT(judge("wrong"), Catch::Contains("layer 1 is wrong, too, on the hidden states"));
}

TEST_CASE("one head, or a few rows, are enough") {
    const TempFolder folder;
    save_attentions(folder, kFourHeads, "right");
    save_attentions(folder, join(kFourHeads, {"--scale", "1"}), "wrong");
    const auto part = [&](const std::string& run, const std::vector<std::size_t>& heads,
                          const std::vector<std::size_t>& rows, const std::string& kind) {
        const auto array = load(folder / (run + "/layer00/" + kind + ".npy"));
        const std::size_t width = array.shape().back(), queries = 49;
        std::vector<float> taken;
        for (const std::size_t head : heads) {
            for (const std::size_t row : rows) {
                const double* const first = array.data() + (head * queries + row) * width;
                for (std::size_t i = 0; i < width; ++i)
                    taken.push_back(static_cast<float>(first[i]));
            }
        }
        const attn::Shape shape{heads.size(), rows.size(), width};
        return folder.write("part.npy", npy_floats(shape_of(shape), taken));
    };
    const std::vector<std::size_t> few{3, 20, 47}, all = attn::count_up(49);
    const auto says = [&](const std::string& file, const std::vector<std::string>& flags) {
        return run_diagnose(join(join(kFourHeads, {"--observed", file}), flags)).out;
    };
    CHECK_THAT(says(part("right", {2}, all, "weights"), {"--head", "2"}),
               Catch::StartsWith("correct"));
    CHECK_THAT(says(part("wrong", {1, 3}, all, "weights"), {"--head", "1,3"}),
               Catch::Contains(" no scale\n") && !Catch::Contains("only head"));
    CHECK_THAT(says(part("wrong", {0, 1, 2, 3}, few, "weights"), {"--rows", "3,20,47"}),
               Catch::Contains(" no scale\n"));
    CHECK_THAT(says(part("wrong", {3}, few, "scores"), {"--rows", "3,20,47", "--head", "3"}),
               Catch::Contains(" no scale\n"));
    CHECK_THAT(says(part("wrong", {0}, few, "output"), {"--rows", "3,20,47"}),
               Catch::Contains(" no scale\n"));
    // Of an array that holds everything only these are looked at.
    CHECK_THAT(says(folder / "wrong/layer00/output.npy", {"--rows", "3-5"}),
               Catch::Contains(" no scale\n"));
    CHECK_THAT(says(folder / "wrong/layer00/weights.npy", {"--head", "3", "--rows", "4"}),
               Catch::Contains(" no scale\n"));
    // A place is told among all heads and queries.
    auto bytes = read_file(part("right", {2}, few, "weights"));
    bytes.replace(bytes.size() - 4, 4, bytes_of(std::vector<float>{7}));
    CHECK_THAT(says(folder.write("off.npy", bytes), {"--head", "2", "--rows", "3,20,47"}),
               Catch::Contains("head 2, query 47, key 48: 7 instead of"));
    bytes.replace(bytes.size() - 4, 4, bytes_of(std::vector<float>{std::nanf("")}));
    CHECK_THAT(says(folder.write("nan.npy", bytes), {"--head", "2", "--rows", "3,20,47"}),
               Catch::Contains("the first at head 2, query 47, key 48"));
}

TEST_CASE("a part that is not there, or not told, is refused") {
    const TempFolder folder;
    save_attentions(folder, kFourHeads, "right");
    const auto array = load(folder / "right/layer00/weights.npy");
    const std::vector<float> one(array.data(), array.data() + 49 * 49);
    const std::string head = folder.write("head.npy", npy_floats("(49, 49)", one));
    CHECK_THAT(run_diagnose(join(kFourHeads, {"--observed", head})).err,
               Catch::Contains("read as the mean of 4 heads") &&
                   Catch::Contains("of one head --head says which"));
    check_no_verdict(join(kFourHeads, {"--observed", head, "--head", "4"}),
                     "--head 4: there are 4 heads");
    check_no_verdict(join(kFourHeads, {"--observed", head, "--rows", "49"}), "--rows 49");
    check_no_verdict(join(kFourHeads, {"--observed", head, "--head", "3,1"}),
                     "--head: expected numbers that rise");
    check_no_verdict(join(kFourHeads, {"--observed", head, "--head", "0,1"}), "[1, 2, 49, 49]");
    check_no_verdict(
        join(kFourHeads, {"--observed", folder / "right/layer00/output.npy", "--head", "0"}),
        "--head: an output is of all heads");
}

TEST_CASE("the attention of another layer is named") {
    const TempFolder folder;
    run_program({"run", "-w", sample("model.json"), "--save", "weights", "-o", folder / "out"});
    const auto result = run_diagnose({"-w", sample("model.json"), "--layer", "0", "--observed",
                                      folder / "out/layer01/weights.npy"});
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.out, Catch::Contains("attention of another layer (layer 1)"));
}

TEST_CASE("diagnose says what is missing") {
    const TempFolder folder;
    const std::string seen = observed(folder, join(kFourHeads, {}), "weights.npy");
    check_no_verdict(kFourHeads, "diagnose needs --observed");
    check_no_verdict({"--observed", seen}, "--weights, or --query, --key and --value");
    check_no_verdict({"-q", sample("embeddings.npy"), "--observed", seen}, "--key is missing");
    check_no_verdict(join(kFourHeads, {"--observed", sample("weights/layers.0.W_Q.npy")}),
                     "expected weights or scores [1, 4, 49, 49] or the output [1, 49, 64]");
    check_no_verdict(join(kFourHeads, {"--observed", seen, "--observed-is", "output"}),
                     "[4, 49, 49]");
    check_no_verdict(join(kFourHeads, {"--observed", seen, "--observed-is", "picture"}),
                     "--observed-is");
    check_no_verdict(join(kFourHeads, {"--observed", seen, "--layer", "2"}),
                     "the weights have 2 layers");
    check_no_verdict(join(kFourHeads, {"--observed", folder / "nothing.npy"}), "nothing.npy");
}

TEST_CASE("a checkpoint is diagnosed like any other, each layer with its own input and window") {
    for (const char* family : {"gpt2", "gemma2", "qwen3", "gpt_neox", "t5", "bert"}) {
        const std::string model = golden(std::string("models/") + family);
        for (const char* layer : {"0", "1"}) {
            const auto result =
                run_program({"diagnose", "-w", model, "--token-ids", model + "/token_ids.npy",
                             "--observed", model + "/expected/weights.npy", "--layer", layer});
            INFO(family << ", layer " << layer << "\n" << result.out << result.err);
            CHECK(result.exit_code == 0);
            CHECK_THAT(result.out, Catch::StartsWith("correct"));
        }
    }
}

TEST_CASE("another epsilon is found in the layer it stands in, and in all before") {
    const TempFolder folder;
    for (const char* family : {"gpt2", "gemma2", "llama", "bert"}) {
        const std::string model = golden(std::string("models/") + family);
        const std::vector<std::string> asked{"-w", model, "--token-ids", model + "/token_ids.npy"};
        const std::string out = folder / family;
        run_program(join({"run", "--save", "weights", "--norm-eps", "0.02", "-o", out}, asked));
        for (const char* layer : {"0", "1"}) {
            const auto result = run_diagnose(join(
                asked, {"--layer", layer, "--observed", out + "/layer0" + layer + "/weights.npy"}));
            INFO(family << ", layer " << layer << "\n" << result.out << result.err);
            CHECK(result.exit_code == 1);
            CHECK_THAT(result.out,
                       Catch::Contains("another epsilon in ") && Catch::Contains("(epsilon 0.02)"));
        }
    }
}

TEST_CASE("an epsilon that the numbers do not tell is not told") {
    const TempFolder folder;
    const std::string model = golden("models/gpt2");
    const std::vector<std::string> asked{"-w", model, "--token-ids", model + "/token_ids.npy"};
    run_program(
        join({"run", "--save", "weights", "--norm-eps", "1e-10", "-o", folder / "o"}, asked));
    const auto result = run_diagnose(join(asked, {"--observed", folder / "o/layer00/weights.npy"}));
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.out, Catch::Contains("another epsilon in the norm (epsilon below "));
}

TEST_CASE("a mask that is too weak is not called correct, however little leaks") {
    const TempFolder folder;
    const std::string in =
        folder.write("in.json", R"({"q": [[[1], [2]]], "k": [[[0.5], [1]]], "v": [[[1], [2]]]})");
    const std::vector<std::string> asked{"-q", in + ":q", "-k",       in + ":k",
                                         "-v", in + ":v", "--causal", "--observed"};
    const double row = 1 / (1 + std::exp(1.0));  // scores 1 and 2
    for (const char* leak : {"2.6e-6", "1.8e-8", "3e-43"}) {
        INFO(leak);
        const std::string file =
            folder.write("w.json", "[[[1, " + std::string(leak) + "], [" + std::to_string(row) +
                                       ", " + std::to_string(1 - row) + "]]]");
        const auto result = run_diagnose(join(asked, {file}));
        CHECK(result.exit_code == 1);
        CHECK_THAT(result.out, Catch::Contains("a finite number added for the mask (-") &&
                                   Catch::Contains("masked keys get weight") &&
                                   Catch::Contains("-inf"));
        CHECK_THAT(result.out, Catch::Contains("query 0, key 1"));
    }
}

TEST_CASE("what is correct is told with its tolerance") {
    const TempFolder folder;
    const auto flags = join(kFourHeads, {"--causal"});
    const auto result =
        run_diagnose(join(flags, {"--observed", observed(folder, flags, "weights.npy")}));
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.out, Catch::Contains(", tolerance 1e-05)"));
}
