// Attention that is read from its file a few rows at a time gives the same, to the last bit, as the
// same numbers in memory.
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/commands.hpp"
#include "support/program.hpp"
#include "support/stored_layers.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::test;
using Json = nlohmann::json;

namespace {

// Two steps of some layers, large enough to be read: as they lie in memory, and with the bytes of
// each number the other way round, which are turned into an array of their own.
struct Steps {
    TempFolder folder;
    std::string read = folder / "read", held = folder / "held";

    explicit Steps(double leak = 0) {
        for (const std::string& name : {read, held}) std::filesystem::create_directory(name);
        for (const unsigned step : {1U, 2U}) {
            NamedArray array = random_layers({3, 1, 2, 150, 150}, step);
            // One cell that only one layer has right of the diagonal.
            array.values[(2 * 2 + 1) * 150 * 150 + 70 * 150 + 71] += leak;
            const std::string name = "/step" + std::to_string(step) + ".npy";
            folder.write("read" + name, npy_of(array));
            folder.write("held" + name, npy_of(array, false, ByteOrder::big));
        }
    }

    // What the command says of them, without their names.
    static std::string said(const Arguments& command, const std::string& folder) {
        const ProgramResult result = run_program(command);
        std::string all = std::to_string(result.exit_code) + "\n" + result.out + result.err;
        for (std::size_t at = 0; (at = all.find(folder)) != std::string::npos;)
            all.replace(at, folder.size(), "STEPS");
        return all;
    }

    void check_same(const Arguments& command, const std::string& file = "",
                    const Arguments& more = {}) const {
        const auto of = [&](const std::string& steps) {
            return said(join(join(command, {steps + file}), more), steps);
        };
        const std::string expected = of(held);
        INFO(command.front() << ": " << expected.substr(0, 300));
        REQUIRE(expected[0] != '2');
        CHECK(of(read) == expected);
    }
};

const Arguments kAxes{"--axes", "layers,batch,heads,q,k"};

}  // namespace

TEST_CASE("commands say the same of attention that is read and that is held") {
    const Steps steps;
    steps.check_same({"monitor", "--json"}, "", kAxes);
    // Some layers are not held in memory.
    steps.check_same({"monitor", "--json", "--layer", "0,1,2"}, "", kAxes);
    steps.check_same({"stats", "--json"}, "/step1.npy", kAxes);
    steps.check_same({"check", "--json"}, "/step1.npy", kAxes);
    for (const Arguments& more : {Arguments{},
                                  {"--targets", "last"},
                                  {"--targets", "3,149"},
                                  {"--fuse", "max"},
                                  {"--fuse", "per-head"},
                                  {"--discard", "0.3"},
                                  {"--threads", "1"}})
        steps.check_same({"rollout", "--json", "--top", "150"}, "/step2.npy", join(kAxes, more));
}

TEST_CASE("one cell right of the diagonal is seen, in whichever layer it is") {
    const Steps steps(0.25);
    for (const Arguments& more : {Arguments{}, {"--targets", "70"}, {"--threads", "1"}})
        steps.check_same({"rollout", "--json", "--top", "150"}, "/step1.npy", join(kAxes, more));
    steps.check_same({"monitor", "--json"}, "", kAxes);
    for (const Arguments& more : {Arguments{}, {"--targets", "70"}}) {
        const ProgramResult leaking = run_program(join(
            join({"rollout", steps.read + "/step1.npy", "--json", "--top", "150"}, kAxes), more));
        CHECK_THAT(leaking.err, Catch::Contains("right of the diagonal"));
        const Json targets = Json::parse(leaking.out)["targets"];
        const Json& top = targets[more.empty() ? 70 : 0]["top"];
        CHECK(std::any_of(top.begin(), top.end(),
                          [](const Json& one) { return one[0] == 71 && one[1] > 0.01; }));
    }
}
