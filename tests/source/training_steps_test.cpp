#include "source/training_steps.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/error.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::source;
using attn::test::TempFolder;

TEST_CASE("the step of a saved file stands in its name, however people write it") {
    const std::vector<std::pair<std::string, std::int64_t>> names{
        {"/x/step1000.npy", 1000},
        {"/x/step-7.npz", 7},
        {"/x/run2_step_200.npy", 200},
        {"/x/step=5.npy", 5},
        {"/x/global_step300_epoch2.npz", 300},
        {"/x/epoch3-iter40.npy", 40},
        {"/x/iteration_12.npy", 12},
        {"/x/checkpoint-500", 500},
        {"/x/ckpt9.npz", 9},
        {"/x/epoch4_seed9.npy", 4},
        {"/x/model7_v12.npy", 12},
        {"/x/step143k.npy", 143000},
        {"/x/step2M.npy", 2000000},
        {"/x/Step_10.npy", 10},
        {"/x/step10kernel.npy", 10},
        {"/x/checkpoint-500/model.safetensors", 500},
        {"/x/step64/", 64},
        {"/x/all.npz:step30", 30},
        {"/x/step30.npz:attention", 30},
    };
    for (const auto& [name, step] : names) {
        INFO(name);
        REQUIRE(step_of_name(name).has_value());
        CHECK(*step_of_name(name) == step);
    }
}

TEST_CASE("a name without digits has no step, and one that is too large has none either") {
    CHECK_FALSE(step_of_name("/x/y/model.npy").has_value());
    CHECK_FALSE(step_of_name("/x/y/step99999999999999999999999.npy").has_value());
    CHECK_FALSE(step_of_name("/x/y/step9223372036854775807k.npy").has_value());
}

TEST_CASE("a number that is not whole is no step, wherever it stands in the name") {
    for (const char* name :
         {"step1.5.npz",   "step-1.5.npz",    "step_1.50.npz",      "step1.5k.npz",
          "step=0.25.npz", "step1,000.npz",   "step1e3.npz",        "step1E+3.npz",
          "step2e-4.npz",  "step1.5e3.npz",   "step1.2.3.npz",      "epoch0.5.npz",
          "ckpt3.25.npz",  "iter1.0.npz",     "checkpoint-1.5.npz", "model-v1.5.npz",
          "lr1e-4.npz",    "all.npz:step1.5", "all.npz:blocks.1.5", "step1.5/model.npz"}) {
        INFO(name);
        const std::string source = std::string("/x/y/") + name;
        CHECK_FALSE(step_of_name(source).has_value());
        CHECK_THROWS_WITH(find_training_steps({source}, "", {"attention", {}, {}}),
                          Catch::Contains(source) && Catch::Contains("a whole number") &&
                              Catch::Contains("--steps"));
        CHECK(find_training_steps({source}, "7", {"attention", {}, {}}).front().number == 7);
    }
}

TEST_CASE("a whole number among others that are not is the step where a word says so") {
    for (const auto& [name, step] :
         std::vector<std::pair<std::string, std::int64_t>>{{"lr1e-4_step1000.npz", 1000},
                                                           {"model-v1.5-step100.npz", 100},
                                                           {"epoch=0-val_loss=0.35.npz", 0},
                                                           {"step10.npz", 10},
                                                           {"step10e.npz", 10},
                                                           {"step10.final.npz", 10},
                                                           {"llama-3.1/step7.npz", 7},
                                                           {"loss0.35_9.npz", 9}}) {
        INFO(name);
        CHECK(step_of_name("/x/" + name) == std::optional<std::int64_t>(step));
    }
}

TEST_CASE("lists of steps have ranges and thousands, and each step once") {
    CHECK(parse_steps("0,100,2k") == std::vector<std::int64_t>{0, 100, 2000});
    CHECK(parse_steps("3-5,9") == std::vector<std::int64_t>{3, 4, 5, 9});
    CHECK(parse_steps("9223372036854775806-9223372036854775807") ==
          std::vector<std::int64_t>{9223372036854775806, 9223372036854775807});
    for (const char* wrong : {"", "a", "1,,2", "5-3", "-1", "1.5", "1e3", "1,1", "2k,2000",
                              "0-99999999999", "99999999999999999999"})
        CHECK_THROWS_AS(parse_steps(wrong), Error);
}

namespace {

const StepSearch kSearch{
    "saved attention", [](const std::string&) { return false; },
    [](const std::string& path) { return path.find("attention") != std::string::npos; }};

}  // namespace

TEST_CASE("a folder stands for what lies in it, in the order of its numbers") {
    const TempFolder folder;
    for (const char* name :
         {"step1000.npy", "step200.npy", "tokens.json", "notes.txt", ".hidden.npy"})
        folder.write(name, "x");
    const auto steps = find_training_steps({folder.path().string()}, "", kSearch);
    REQUIRE(steps.size() == 2);
    CHECK(steps[0].number == 200);
    CHECK(steps[1].number == 1000);
}

TEST_CASE("the folder in which steps lie is no step of a file in it") {
    const TempFolder folder;
    std::filesystem::create_directories(folder / "run7");
    folder.write("run7/step3.npy", "x");
    const std::string last = folder.write("run7/last.npy", "x");
    StepSearch all = kSearch;
    all.holds = [](const std::string&) { return true; };
    CHECK_THROWS_WITH(find_training_steps({folder / "run7"}, "", all),
                      Catch::Contains(last) && Catch::Contains("no number"));
    CHECK(find_training_steps({last}, "", kSearch)[0].number == 7);
}

TEST_CASE("steps that repeat and names without a number are refused by name") {
    const TempFolder folder;
    const std::string a = folder.write("step5.npy", "x"), b = folder.write("a_step5.npy", "x");
    CHECK_THROWS_WITH(find_training_steps({a, b}, "", kSearch),
                      Catch::Contains("both are of step 5") && Catch::Contains("--steps"));
    const std::string none = folder.write("attention.npy", "x");
    if (!step_of_name(none))  // the name of the folder is anybody's
        CHECK_THROWS_WITH(find_training_steps({none}, "", kSearch), Catch::Contains("no number"));
    CHECK(find_training_steps({a, b}, "7,3", kSearch)[0].source == b);
    CHECK_THROWS_WITH(find_training_steps({a, b}, "1", kSearch),
                      Catch::Contains("names 1 step, there are 2"));
}
