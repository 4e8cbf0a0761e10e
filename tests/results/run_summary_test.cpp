#include "results/run_summary.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::test;

namespace {

// A folder as run leaves it: two arrays of one file, one of another.
std::string folder_of_results(const TempFolder& folder, const std::string& options) {
    results::RunManifest manifest;
    manifest.command = "run";
    manifest.layers = {0};
    manifest.heads = {0, 1};
    std::string text = results::write_manifest(manifest);
    const auto put = [&](const std::string& what, const std::string& value) {
        const std::size_t at = text.find(what);
        REQUIRE(at != std::string::npos);
        text.replace(at, what.size(), value);
    };
    put("\"inputs\": []",
        R"("inputs": [{"path": "w.npz:W_Q"}, {"path": "x.npy"}, {"path": "w.npz:W_K"}])");
    put("\"options\": {}", "\"options\": " + options);
    folder.write("manifest.json", text);
    return folder.path().string();
}

}  // namespace

TEST_CASE("a summary counts the arrays of each input file") {
    const TempFolder folder;
    const auto summary = results::summarise_run(folder_of_results(folder, "{}"));
    CHECK(summary.inputs ==
          std::vector<std::pair<std::string, std::size_t>>{{"w.npz", 2}, {"x.npy", 1}});
    CHECK_FALSE(summary.version.empty());
    CHECK(summary.options.empty());
}

TEST_CASE("a summary keeps the options that are not at their defaults") {
    const TempFolder folder;
    const auto summary = results::summarise_run(
        folder_of_results(folder, R"({"heads": 4, "kv_heads": 2, "causal": true, "window": [-1, -1],
                            "precision": "f32", "softcap": null, "mask": "m.npy"})"));
    std::vector<std::string> names;
    for (const auto& [name, value] : summary.options) names.push_back(name + value);
    std::sort(names.begin(), names.end());
    CHECK(names == std::vector<std::string>{"causaltrue", "kv_heads2", "mask\"m.npy\""});
}

TEST_CASE("a damaged manifest is refused") {
    const TempFolder folder;
    const std::string path = folder_of_results(folder, "{}");
    folder.write("manifest.json", R"({"tool": "attn-inspect", "inputs": 3})");
    CHECK_THROWS_AS(results::summarise_run(path), Error);
}

TEST_CASE("a manifest without the version that wrote it is damaged") {
    const TempFolder folder;
    const std::string path = folder_of_results(folder, "{}");
    std::string text = read_file(folder / "manifest.json");
    text.replace(text.find("\"version\""), 9, "\"virgion\"");
    const std::string file = folder.write("manifest.json", text);
    CHECK_THROWS_WITH(results::summarise_run(path),
                      file + ": is damaged, expected version and inputs; run it again");
}
