// ATTN_KERNELS: which instruction set the inner loops use.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "kernels/kernel_sets.hpp"
#include "support/commands.hpp"
#include "support/folder_contents.hpp"
#include "support/help.hpp"
#include "support/program.hpp"

using namespace attn::test;
using Catch::Contains;

namespace {

ProgramResult run_with(const std::string& kernels, const Arguments& arguments) {
    return run_program(arguments, "", [&] { ::setenv("ATTN_KERNELS", kernels.c_str(), 1); });
}

}  // namespace

TEST_CASE("a command computes with the kernels that ATTN_KERNELS names") {
    const TempFolder temp;
    for (const auto* kernels : attn::runnable_kernels<float>()) {
        const std::string name = kernels->instruction_set;
        INFO(name);
        const auto result = run_with(
            name, join({"run", "-o", temp / name, "--save", "weights", "--causal"}, kSampleModel));
        CHECK(result.err.find("error") == std::string::npos);
        CHECK(result.exit_code == 0);
        CHECK(max_difference(load(temp / name + "/layer00/weights.npy"),
                             load(golden("induction/weights0.npy"))) < 1e-5);
    }
}

TEST_CASE("every command refuses an instruction set that nobody knows, before any work") {
    const TempFolder temp;
    const std::string weights = copy_of_weights(temp, "weights.npy");
    for (const Arguments& arguments : printing_commands(weights, temp / "out")) {
        const auto result = run_with("avx3", arguments);
        INFO(arguments.front() << " " << arguments.back());
        // Questions about the program are answered whatever is wrong.
        if (arguments.back() == "--help" || arguments.back() == "--version") {
            CHECK(result.exit_code == 0);
            continue;
        }
        CHECK(result.exit_code == 2);
        CHECK(result.out.empty());
        CHECK_THAT(result.err,
                   Contains("attn-inspect: error: ATTN_KERNELS=avx3: no such instruction set"));
        CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    }
    CHECK(contents(temp.path()).size() == 1);
}

TEST_CASE("an empty ATTN_KERNELS is none") {
    const TempFolder temp;
    CHECK(run_with("", {"stats", copy_of_weights(temp, "weights.npy")}).exit_code == 0);
}

TEST_CASE("the long help of every command and the manual tell of ATTN_KERNELS") {
    for (const std::string& command : command_names()) {
        INFO(command);
        const std::string help = run_program({command, "--help-all"}).out;
        CHECK_THAT(help, Contains("ATTN_KERNELS"));
        CHECK_THAT(help, Contains("NO_COLOR"));
        CHECK_THAT(manual_page(command), Contains(".SH ENVIRONMENT") && Contains("ATTN_KERNELS"));
    }
}
