// Finite numbers go in, the results leave the range of the type: every command that computes says
// where, and writes nothing.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/array_files.hpp"
#include "support/arrays.hpp"
#include "support/commands.hpp"
#include "support/program.hpp"

using namespace attn;
using namespace attn::test;

namespace {

// Expects one line with all the texts and exit code 2.
void check_overflow_refused(const Arguments& arguments, const std::vector<std::string>& texts) {
    const ProgramResult result = run_program(arguments);
    INFO(result.err);
    CHECK(result.exit_code == 2);
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    for (const std::string& text : texts) CHECK_THAT(result.err, Catch::Contains(text));
}

// One head of two tokens, whose second query and key are large.
struct Projected {
    TempFolder folder;
    Arguments inputs;
    explicit Projected(float large) {
        const std::string q = write_array<float>(folder, "q.npy", {1, 2, 2}, {1, 1, large, 1});
        inputs = {"-q", q, "-k", q, "-v", q};
    }
    Arguments run(const Arguments& more = {}) const {
        return join(join({"run", "-o", folder / "out"}, inputs), more);
    }
    bool wrote() const { return std::filesystem::exists(folder / "out"); }
};

}  // namespace

TEST_CASE("run refuses scores beyond float32 and writes nothing") {
    const Projected large(3e19F);
    check_overflow_refused(
        large.run(), {"layer 0, sequence 0, head 0, query 1, key 1", "score 6.36e+38", "float32",
                      "--precision f64", "--scale", "--allow-nonfinite"});
    CHECK_FALSE(large.wrote());
    check_overflow_refused(large.run({"--softcap", "30"}), {"query 1, key 1"});
    check_overflow_refused(large.run({"--save", "stats"}), {"query 1, key 1"});
    CHECK_FALSE(large.wrote());
}

TEST_CASE("what overflows in float32 is computed in float64, or let through") {
    const Projected large(3e19F);
    CHECK(run_program(large.run({"--precision", "f64"})).exit_code == 0);
    const Array<double> weights = load(large.folder / "out/layer00/weights.npy");
    CHECK(weights.data()[3] == 1);
    CHECK(run_program(large.run({"--allow-nonfinite"})).exit_code == 0);
    // Causal, the large query still sees its own key.
    check_overflow_refused(large.run({"--causal"}), {"query 1, key 1"});
    // Where it is masked nothing is wrong.
    CHECK(run_program(large.run({"--key-lengths", "1"})).exit_code == 0);
}

TEST_CASE("diagnose refuses what overflows float64") {
    const TempFolder folder;
    const std::string q = write_array<double>(folder, "q.npy", {1, 2, 2}, {1, 1, 1e160, 1});
    const std::string w = write_array<double>(folder, "w.npy", {1, 2, 2}, {0.5, 0.5, 0, 1});
    check_overflow_refused({"diagnose", "-q", q, "-k", q, "-v", q, "--observed", w},
                           {"layer 0", "query 1, key 1", "float64", "--allow-nonfinite"});
}

TEST_CASE("projections, outputs and hidden states beyond the range are named with their layer") {
    const TempFolder folder;
    const auto run = [&](float x, const std::string& W_V, const std::string& W_O) {
        const std::string zero = "[[0,0],[0,0]]";
        const std::string layer = R"({"W_Q":)" + zero + R"(,"W_K":)" + zero + R"(,"W_V":)" + W_V +
                                  R"(,"W_O":)" + W_O + "}";
        const std::string weights =
            folder.write("w.json", R"({"layers":[)" + layer + "," + layer + "]}");
        const std::string embeddings =
            write_array<float>(folder, "x.npy", {3, 2}, {x, x, x, x, x, x});
        return Arguments{"run",     "-x", embeddings, "-w",          weights,
                         "--heads", "1",  "-o",       folder / "out"};
    };
    const std::string one = "[[1,0],[0,1]]", large = "[[1e20,0],[0,1e20]]";
    check_overflow_refused(run(1e20F, large, one),
                           {"layer 0, sequence 0, head 0, key 0: the value"});
    check_overflow_refused(run(1e10F, large, one),
                           {"layer 1, sequence 0, head 0, key 0: the value"});
    check_overflow_refused(run(1e20F, one, large),
                           {"layer 0, sequence 0, token 0, column 0: the output"});
    check_overflow_refused(run(3e38F, one, one),
                           {"layer 0, sequence 0, token 0, column 0: the hidden state"});
    CHECK_FALSE(std::filesystem::exists(folder / "out"));
}
