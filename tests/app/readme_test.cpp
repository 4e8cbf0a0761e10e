#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <vector>

#include "support/temp_folder.hpp"

using namespace attn::test;
namespace fs = std::filesystem;

namespace {

// The shell code between ```sh and ``` in README.md.
std::vector<std::string> recipes() {
    std::istringstream lines(read_file(ATTN_SOURCE_DIR "/README.md"));
    std::vector<std::string> result;
    bool inside = false;
    for (std::string line; std::getline(lines, line);) {
        if (line == "```sh") {
            inside = true;
            result.emplace_back();
        } else if (line == "```") {
            inside = false;
        } else if (inside) {
            result.back() += line + "\n";
        }
    }
    return result;
}

}  // namespace

TEST_CASE("every recipe of the README works as it stands") {
    const auto all = recipes();
    REQUIRE(all.size() >= 10);
    for (const std::string& recipe : all) {
        const TempFolder folder;
        fs::create_directory_symlink(ATTN_SOURCE_DIR "/data", folder.path() / "data");
        // Stands for the checkpoint that the README downloads.
        fs::create_directory_symlink(ATTN_SOURCE_DIR "/tests/golden/models/gpt2",
                                     folder.path() / "gpt2");
        const std::string script = folder.write(
            "recipe.sh", "set -euo pipefail\nPATH=" + fs::path(ATTN_BINARY).parent_path().string() +
                             ":$PATH\ncd " + folder.path().string() + "\n" + recipe);
        INFO(recipe);
        const int status =
            std::system(("bash " + script + " > " + (folder / "output") + " 2>&1").c_str());
        INFO(read_file(folder / "output"));
        CHECK(status == 0);
    }
}
