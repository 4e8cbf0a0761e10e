// A trained Linformer and the budgets of heads, from files.
#include <catch2/catch.hpp>

#include "support/array_files.hpp"
#include "support/lab.hpp"

using namespace attn;
using namespace attn::test;
using Json = nlohmann::json;

TEST_CASE("approx: Linformer's matrices come from files, either way round, cut to the keys") {
    const TempFolder folder;
    const Arguments input = join(heads_of(run_with_heads(folder), "layer01"), {"--no-causal"});
    // Rows pick the keys 0 … 48 one by one, and a 50th that is not there: nothing is lost.
    constexpr std::size_t kKeys = 49, kLonger = 50;
    std::vector<double> wide(kKeys * kLonger), tall(kKeys * kLonger);
    for (std::size_t i = 0; i < kKeys; ++i) wide[i * kLonger + i] = tall[i * kKeys + i] = 1;
    const std::string e = write_array(folder, "e.npy", {kKeys, kLonger}, wide);
    const std::string f = write_array(folder, "f.npy", {kLonger, kKeys}, tall);
    const Arguments file{"--method", "linformer:projection=file"};
    const Json json = lab_of(join(join(input, file), {"--linformer-e", e, "--linformer-f", f}));
    CHECK(error_of(json, 1, 0) < 1e-12);
    CHECK(json["methods"][1]["options"]["k"] == kKeys);
    // Half of the keys are not all of them.
    const std::string half = write_array(folder, "half.npy", {24, kLonger}, [&] {
        return std::vector<double>(wide.begin(), wide.begin() + 24 * kLonger);
    }());
    const Json lossy = lab_of(join(join(input, {"--method", "linformer:projection=file:share=1"}),
                                   {"--linformer-e", half}));
    CHECK(error_of(lossy, 1, 0) > 0.01);
    check_lab_refuses(join(input, file), "--linformer-e");
    check_lab_refuses(join(join(input, file), {"--linformer-e", e}), "--linformer-f");
    check_lab_refuses(join(join(input, file), {"--linformer-e", e, "--linformer-f", half}), "rows");
    check_lab_refuses(join(input, {"--method", "linformer", "--linformer-e", e}), "no effect");
    const std::string few = write_array(folder, "few.npy", {4, 48}, std::vector<double>(192, 1));
    check_lab_refuses(join(join(input, file), {"--linformer-e", few}), "fewer positions");
    const std::string row = write_array(folder, "row.npy", {49}, std::vector<double>(49, 1));
    check_lab_refuses(join(join(input, file), {"--linformer-e", row, "--linformer-f", row}),
                      "row.npy [49]: expected a matrix [k, keys] or [keys, k]");
    check_lab_refuses(join(input, {"--method", "linformer:projection=file:k=2", "--linformer-e", e,
                                   "--linformer-f", f}),
                      "--method: linformer:k=2: " + e + " has k=49");
}

TEST_CASE("approx: every head runs with the budget that it needs") {
    const TempFolder folder;
    const std::string out = folder / "needs", needs = out + "/needs.json";
    REQUIRE(run_program(join(join(Arguments{"approx"}, kSampleModel),
                             {"--needs", "--target-error", "0.1", "--precision", "f64", "-o", out}))
                .exit_code == 0);
    const Json found = Json::parse(read_file(needs));
    const Json json = lab_of(
        join(kSampleModel, {"--method", "local,topk,local:window=8", "--head-budgets", needs}));
    for (std::size_t method : {1, 2}) {
        std::size_t at = 0;
        for (const Json& layer : json["methods"][method]["layers"]) {
            for (const Json& head : layer["heads"]) {
                CAPTURE(method, found[at]);
                CHECK(head["context_error"] <= 0.1 + 1e-9);
                const std::size_t budget = found[at++][method == 1 ? "local" : "topk"];
                // 49 rows see at most so many keys each.
                CHECK(head["cells"] <= 49 * budget);
            }
        }
    }
    CHECK(json["methods"][3]["options"]["window"] == 8);
    check_lab_refuses(join(kSampleModel, {"--method", "topp", "--head-budgets", needs}),
                      "--head-budgets: has no effect");
    check_lab_refuses(
        join(kSampleModel, {"--method", "topk", "--budget", "0.5", "--head-budgets", needs}),
        "exclude each other");
    const std::string bad = folder.write("bad.json", R"([{"layer":0,"head":0,"topk":0}])");
    check_lab_refuses(join(kSampleModel, {"--method", "topk", "--head-budgets", bad}),
                      "a whole number from 1");
    const std::string few = folder.write("few.json", R"([{"layer":0,"head":0,"topk":3}])");
    check_lab_refuses(join(kSampleModel, {"--method", "topk", "--head-budgets", few}),
                      "has no \"topk\" of layer 0, sequence 0, head 1");
}

TEST_CASE("approx: a file of budgets is the list that --needs writes") {
    const TempFolder folder;
    const auto refused = [&](const std::string& list, const std::string& text) {
        check_lab_refuses(join(kSampleModel, {"--method", "topk", "--head-budgets",
                                              folder.write("budgets.json", list)}),
                          "--head-budgets " + folder / "budgets.json" + ": " + text);
    };
    refused("{}", "expected the heads of a needs.json, as approx --needs -o DIR writes it");
    refused(R"([{"layer": 0, "seq": 0, "topk": 3}])", "entry 0: has no number \"head\"");
    refused(R"([{"layer": 0, "seq": 0, "head": 1, "topk": 3}, {"layer": 0, "head": 1, "topk": 4}])",
            "entry 1: layer 0, sequence 0, head 1 stands there twice");
}
