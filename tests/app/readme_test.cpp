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

// Runs shell code in a folder that holds what the README speaks of; returns its exit status.
int run_in(const TempFolder& folder, const std::string& code) {
    const std::string script = folder.write(
        "recipe.sh", "set -euo pipefail\nPATH=" + fs::path(ATTN_BINARY).parent_path().string() +
                         ":$PATH\ncd " + folder.path().string() + "\n" + code);
    return std::system(("bash " + script + " > " + (folder / "output") + " 2>&1").c_str());
}

void link_data(const TempFolder& folder) {
    fs::create_directory_symlink(ATTN_SOURCE_DIR "/data", folder.path() / "data");
    // Stands for the checkpoint that the README downloads.
    fs::create_directory_symlink(ATTN_SOURCE_DIR "/tests/golden/models/gpt2",
                                 folder.path() / "gpt2");
}

// The one recipe that holds such a text.
std::string recipe_with(const std::string& text) {
    for (const std::string& recipe : recipes()) {
        if (recipe.find(text) != std::string::npos) return recipe;
    }
    FAIL("no recipe with " << text);
    return "";
}

// Lines of the README that begin with such a text.
std::vector<std::string> lines_with(const std::string& beginning) {
    std::istringstream lines(read_file(ATTN_SOURCE_DIR "/README.md"));
    std::vector<std::string> result;
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind(beginning, 0) == 0) result.push_back(line);
    }
    return result;
}

// What stands between backticks.
std::vector<std::string> names_in(const std::string& line) {
    std::vector<std::string> names;
    std::istringstream parts(line);
    std::string part;
    for (bool inside = false; std::getline(parts, part, '`'); inside = !inside) {
        if (inside) names.push_back(part);
    }
    return names;
}

}  // namespace

TEST_CASE("every recipe of the README works as it stands") {
    const auto all = recipes();
    REQUIRE(all.size() >= 10);
    for (const std::string& recipe : all) {
        const TempFolder folder;
        link_data(folder);
        INFO(recipe);
        const int status = run_in(folder, recipe);
        INFO(read_file(folder / "output"));
        CHECK(status == 0);
    }
}

TEST_CASE("the screen that the README shows is the one that is printed") {
    const TempFolder folder;
    link_data(folder);
    REQUIRE(run_in(folder, recipe_with("\nattn-inspect out\n")) == 0);
    const std::string screen = read_file(folder / "output");
    CHECK_THAT(screen, Catch::StartsWith("out: attention, 2 layers x 4 heads"));
    CHECK_THAT(read_file(ATTN_SOURCE_DIR "/README.md"),
               Catch::Contains("```\n" + screen + "```\n"));
}

TEST_CASE("the lines for jq find what they look for") {
    if (std::system("command -v jq > /dev/null") != 0) {
        WARN("jq is not installed");
        return;
    }
    const TempFolder folder;
    link_data(folder);
    REQUIRE(run_in(folder, recipe_with("--json > stats.json")) == 0);
    const auto lines = lines_with("jq ");
    REQUIRE(lines.size() >= 4);
    for (const std::string& line : lines) {
        INFO(line);
        CHECK(run_in(folder, line) == 0);
    }
    CHECK(run_in(folder, lines.front() + " | grep -q .") == 0);
}

TEST_CASE("every file that is named to those who change the program is there") {
    const std::string readme = read_file(ATTN_SOURCE_DIR "/README.md");
    const std::string section = readme.substr(readme.find("## For people who change it"));
    std::istringstream lines(section + read_file(ATTN_SOURCE_DIR "/CONTRIBUTING.md"));
    std::size_t files = 0;
    std::string folder;  // of the file that was named last; the next ones may leave it out
    for (std::string line; std::getline(lines, line);) {
        for (const std::string& name : names_in(line)) {
            const std::string extension = fs::path(name).extension();
            const bool is_file = name.find_first_of(" <[") == std::string::npos &&
                                 (extension == ".cpp" || extension == ".hpp" ||
                                  extension == ".py" || extension == ".sh" || extension == ".*");
            if (!is_file || name.find("/y") != std::string::npos) continue;
            if (name.find('/') != std::string::npos) folder = fs::path(name).parent_path();
            fs::path path = fs::path(ATTN_SOURCE_DIR) / folder / fs::path(name).filename();
            INFO(line);
            INFO(path.string());
            if (extension == ".*") CHECK(fs::exists(path.replace_extension(".cpp")));
            if (extension == ".*") path.replace_extension(".hpp");
            CHECK(fs::exists(path));
            ++files;
        }
    }
    CHECK(files > 20);
}

TEST_CASE("the mistakes that the README shows are the ones that are named") {
    const TempFolder folder;
    link_data(folder);
    REQUIRE(run_in(folder, recipe_with("data/mistakes/swapped.npy")) == 0);
    const std::string printed = read_file(folder / "output");
    for (const char* shown :
         {"heads in another order (heads 1 and 3 changed places)",
          "another rotary theta (theta 20000)",
          "layer 1 is the first that goes wrong; layer 0 is correct", "no scale"}) {
        CHECK(lines_with(shown).size() == 1);
        CHECK(printed.find(shown) != std::string::npos);
    }
}
