// The manual pages and completions that the build writes.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>

#include "support/arrays.hpp"
#include "support/help.hpp"
#include "support/program.hpp"

using namespace attn::test;
using Catch::Contains;

namespace {

const std::string kManual = ATTN_MANUAL_DIR;

// "--" in roff.
std::string roff(const std::string& name) {
    std::string text;
    for (const char c : name) text += c == '-' ? "\\-" : std::string(1, c);
    return text;
}

bool is_installed(const std::string& program) {
    return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

// What a shell prints.
std::string output_of(const std::string& command) {
    std::string text;
    FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::array<char, 4096> part{};
    while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe))
        text.append(part.data(), size);
    ::pclose(pipe);
    return text;
}

// What bash offers for the last word.
std::string completed(const std::string& words) {
    const std::string script =
        "source /usr/share/bash-completion/bash_completion; compopt() { :; }; PATH=" +
        std::filesystem::path(ATTN_BINARY).parent_path().string() + ":$PATH; source " + kManual +
        "/completions/attn-inspect; COMP_WORDS=(attn-inspect " + words +
        "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); COMP_LINE=\"${COMP_WORDS[*]}\"; "
        "COMP_POINT=${#COMP_LINE}; _attn_inspect; echo \"${COMPREPLY[*]}\"";
    return output_of("bash -c '" + script + "' 2>&1");
}

}  // namespace

TEST_CASE("every command has a manual page with all of its flags") {
    const std::string all = read_file(kManual + "/man1/attn-inspect.1");
    for (const std::string& command : command_names()) {
        INFO(command);
        CHECK_THAT(all, Contains("attn\\-inspect\\-" + command + " (1)"));
        const std::string page = manual_page(command);
        CHECK_THAT(page, Contains(".SH EXAMPLES"));
        for (const HelpFlag& flag : flags_in_help(command)) {
            for (const std::string& name : flag.names)
                CHECK_THAT(page, Contains("\\fB" + roff(name) + "\\fR"));
        }
    }
}

TEST_CASE("manual pages are plain ASCII, and roff has nothing to say about them") {
    for (const auto& entry : std::filesystem::directory_iterator(kManual + "/man1")) {
        INFO(entry.path().string());
        const std::string page = read_file(entry.path().string());
        CHECK(std::all_of(page.begin(), page.end(), [](char c) { return c > 0; }));
        if (is_installed("groff"))
            CHECK(
                output_of("groff -man -Tascii -ww -z " + entry.path().string() + " 2>&1").empty());
    }
}

TEST_CASE("completions are scripts that their shells can read") {
    const std::string folder = kManual + "/completions/";
    CHECK(output_of("bash -n " + folder + "attn-inspect 2>&1").empty());
    if (is_installed("zsh")) CHECK(output_of("zsh -n " + folder + "_attn-inspect 2>&1").empty());
    if (is_installed("fish"))
        CHECK(output_of("fish -n " + folder + "attn-inspect.fish 2>&1").empty());
}

TEST_CASE("bash completes commands, flags, words, lists of words, and arrays of a file") {
    if (!std::filesystem::exists("/usr/share/bash-completion/bash_completion")) {
        WARN("bash-completion is not installed");
        return;
    }
    CHECK(completed("st") == "stats\n");
    CHECK(completed("help he") == "heatmap\n");
    CHECK(completed("stats --col") == "--columns\n");
    CHECK(completed("run --kv-order re") == "repeat\n");
    CHECK(completed("heatmap --colormap v") == "viridis\n");
    CHECK(completed("stats --columns entropy,conf") == "entropy,confidence\n");
    CHECK(completed("check --only causal") == "causal_leak\n");
    CHECK(completed("run --save weights,lo") == "weights,logsumexp weights,logits\n");
    CHECK(completed("run --layout nanog") == "nanogpt\n");
    CHECK_THAT(completed("info " + sample("model.json") + ":layers/1/W_"),
               Contains("layers/1/W_Q"));
}
