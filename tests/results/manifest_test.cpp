#include "results/manifest.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::results;
using attn::test::TempFolder;

namespace {

RunManifest example() {
    RunManifest manifest;
    manifest.command = "run";
    manifest.options = {{"scale", "0.125"}, {"causal", "true"}};
    manifest.layers = {0, 2};
    manifest.heads = {1, 3};
    manifest.structure.causal = true;
    manifest.structure.key_lengths = {5, 3};
    manifest.structure.offsets = {0, 2};
    manifest.window_left = {{2, 4}};
    manifest.tokens = {{"a", "b\n"}};
    manifest.format = ArrayFormat::npz;
    manifest.files = {"layer00/arrays.npz"};
    return manifest;
}

}  // namespace

TEST_CASE("a manifest is read as it was written") {
    const TempFolder folder;
    folder.write("manifest.json", write_manifest(example()));
    REQUIRE(is_run_folder(folder.path().string()));
    const RunManifest read = read_manifest(folder.path().string());
    CHECK(read.layers == example().layers);
    CHECK(read.heads == example().heads);
    CHECK(read.structure.causal);
    CHECK(read.structure.key_lengths == example().structure.key_lengths);
    CHECK(read.structure.offsets == example().structure.offsets);
    CHECK(read.window_left == example().window_left);
    CHECK(read.tokens == example().tokens);
    CHECK(read.format == ArrayFormat::npz);
    CHECK(read.option("scale") == "0.125");
    CHECK(read.option("unheard") == "null");
}

TEST_CASE("folders of others are not ours") {
    const TempFolder folder;
    CHECK_FALSE(is_run_folder(folder.path().string()));
    CHECK_FALSE(is_run_folder(folder / "missing"));
    folder.write("manifest.json", "{\"name\": \"an app\"}");
    CHECK_FALSE(is_run_folder(folder.path().string()));
}

TEST_CASE("a damaged manifest is refused by name") {
    const TempFolder folder;
    std::string text = write_manifest(example());
    const std::string right = "\"heads\": [";
    REQUIRE(text.find(right) != std::string::npos);
    text.replace(text.find(right), right.size(), "\"heads\": [\"x\", ");
    folder.write("manifest.json", text);
    CHECK_THROWS_WITH(read_manifest(folder.path().string()), Catch::Contains("manifest.json"));
}

TEST_CASE("a manifest is found where there is one of ours") {
    const TempFolder folder;
    CHECK_FALSE(find_manifest(folder.path().string()));
    folder.write("manifest.json", "{\"name\": \"an app\"}");
    CHECK_FALSE(find_manifest(folder.path().string()));
    folder.write("manifest.json", write_manifest(example()));
    const auto found = find_manifest(folder.path().string());
    REQUIRE(found);
    CHECK(found->heads == example().heads);
}
