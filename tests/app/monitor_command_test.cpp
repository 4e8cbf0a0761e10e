#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "support/array_files.hpp"
#include "support/arrays.hpp"
#include "support/commands.hpp"
#include "support/picture.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::test;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr std::size_t kTokens = 6;

// Causal attention [2, 2, 6, 6] of two layers: `sharp` from uniform (0) to one key (large); layer 1
// does not depend on it.
std::vector<float> attention(double sharp) {
    std::vector<float> cells(2 * 2 * kTokens * kTokens, 0.0F);
    for (std::size_t matrix = 0; matrix < 4; ++matrix) {
        for (std::size_t row = 0; row < kTokens; ++row) {
            double sum = 0;
            const double factor = matrix < 2 ? sharp : 0.3;
            const auto weight = [&](std::size_t key) {
                return std::exp(factor * static_cast<double>((key * 5 + matrix + row) % 4));
            };
            for (std::size_t key = 0; key <= row; ++key) sum += weight(key);
            for (std::size_t key = 0; key <= row; ++key)
                cells[(matrix * kTokens + row) * kTokens + key] =
                    static_cast<float>(weight(key) / sum);
        }
    }
    return cells;
}

const Shape kShape{2, 2, kTokens, kTokens};

std::string save_step(const TempFolder& folder, const std::string& name, double sharp) {
    return write_array(folder, name, kShape, attention(sharp));
}

Json json_of(const ProgramResult& result) {
    INFO(result.err);
    REQUIRE(result.exit_code < 2);
    return Json::parse(result.out);
}

std::vector<std::string> names_in(const Json& report, const std::string& verdict) {
    std::vector<std::string> names;
    for (const Json& alarm : report["alarms"])
        if (alarm["verdict"] == verdict) names.push_back(alarm["name"]);
    return names;
}

void check_monitor_refused(const Arguments& arguments, const std::string& words,
                           const std::string& output = "") {
    const ProgramResult result = run_program(arguments);
    INFO(words << ": " << result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Catch::Contains(words));
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    if (!output.empty()) CHECK_FALSE(fs::exists(output));
}

// Native weights in one folder a step; scores grow with `factor`.
void save_checkpoint(const TempFolder& folder, const std::string& name, double factor,
                     float W_V = 0.5F) {
    for (const char* matrix : {"W_Q", "W_K", "W_V"}) {
        std::vector<float> values(16);
        for (std::size_t i = 0; i < 16; ++i)
            values[i] = static_cast<float>(
                std::sin(static_cast<double>(i * (matrix[2] == 'Q' ? 7 : 3)) + 1) * factor);
        if (matrix[2] == 'V') values.assign(16, W_V);
        fs::create_directories(folder.path() / name);
        write_array(folder, name + "/" + matrix + ".npy", {4, 4}, values);
    }
}

std::string save_embeddings(const TempFolder& folder) {
    std::vector<float> x(20);
    for (std::size_t i = 0; i < 20; ++i)
        x[i] = static_cast<float>(std::cos(static_cast<double>(i)));
    return write_array(folder, "x.npy", {5, 4}, x);
}

}  // namespace

TEST_CASE("monitor finds entropy that collapses in attention saved at each step") {
    const TempFolder folder;
    fs::create_directories(folder.path() / "run");
    save_step(folder, "run/step0.npy", 0);
    save_step(folder, "run/step900.npy", 1);
    save_step(folder, "run/step1000.npy", 40);
    const Json report = json_of(run_program({"monitor", folder / "run", "--json"}));
    CHECK(report["steps"] == Json({0, 900, 1000}));
    CHECK(report["passed"] == false);
    CHECK_THAT(names_in(report, "alarm"), Catch::VectorContains(std::string("entropy_collapse")));
    CHECK(report["heads"].size() == 4);
    CHECK(report["heads"][0]["entropy_normalised"][0] == Approx(1));
    CHECK(report["heads"][0]["entropy_normalised"][2].get<double>() < 0.01);
    CHECK(report["layers"][0]["change"][0].is_null());
    CHECK(report["layers"][1]["change"][1] == 0);
    CHECK(report["model"]["difference"][1].get<double>() > 0.01);
    CHECK(run_program({"monitor", folder / "run"}).exit_code == 1);
    CHECK(run_program({"monitor", folder / "run", "--skip", "entropy_collapse"}).exit_code == 0);
    CHECK(run_program({"monitor", folder / "run", "--only", "entropy_drop"}).exit_code == 0);
    CHECK(
        run_program({"monitor", folder / "run", "--only", "entropy_drop", "--strict"}).exit_code ==
        1);
    CHECK(run_program({"monitor", folder / "run", "--alarm", "entropy_collapse=0.1:2"}).exit_code ==
          0);
}

TEST_CASE("monitor writes its report, tables and pictures, and the same again") {
    const TempFolder folder;
    const std::string a = save_step(folder, "step1.npy", 0), b = save_step(folder, "step2.npy", 1);
    const Arguments command{"monitor", b, a, "-o", folder / "out", "--json"};
    const ProgramResult first = run_program(command);
    CHECK(first.exit_code == 0);
    CHECK(read_file(folder / "out/monitor.json") == first.out);
    CHECK_THAT(read_file(folder / "out/heads.csv"), Catch::StartsWith("step,layer,head,entropy,"));
    CHECK_THAT(read_file(folder / "out/layers.csv"), Catch::StartsWith("step,layer,"));
    for (const char* picture :
         {"entropy_normalised", "sink", "saturation", "score_range", "change", "effective_keys"}) {
        const auto plot = decode_png(read_file(folder / ("out/" + std::string(picture) + ".png")));
        CHECK(plot.width() > 300);
        CHECK(fs::exists(folder / ("out/strip-" + std::string(picture) + ".png")));
    }
    CHECK_FALSE(fs::exists(folder / "out/induction.png"));
    CHECK(run_program(command).out == first.out);
    CHECK(run_program({"monitor", a, b, "-o", folder / "few", "--plots", "sink"}).exit_code == 0);
    CHECK(fs::exists(folder / "few/sink.png"));
    CHECK_FALSE(fs::exists(folder / "few/change.png"));
    CHECK(run_program({"monitor", a, b, "-o", folder / "none", "--plots", "none"}).exit_code == 0);
    CHECK_FALSE(fs::exists(folder / "none/sink.png"));
}

TEST_CASE("monitor measures the same with any number of threads") {
    const TempFolder folder;
    const std::string a = save_step(folder, "step1.npy", 0), b = save_step(folder, "step2.npy", 1);
    const std::string one = run_program({"--threads", "1", "monitor", a, b, "--json"}).out;
    CHECK(run_program({"--threads", "3", "monitor", a, b, "--json"}).out == one);
}

TEST_CASE("a step that was saved twice is an alarm, wherever the first one stands") {
    const TempFolder folder;
    const std::string a = save_step(folder, "step1.npy", 0), b = save_step(folder, "step2.npy", 1),
                      c = save_step(folder, "step3.npy", 0);
    const Json report = json_of(run_program({"monitor", a, b, c, "--json"}));
    REQUIRE(names_in(report, "alarm") == std::vector<std::string>{"duplicate_checkpoint"});
    CHECK(report["alarms"].back()["step"] == 3);
}

TEST_CASE("steps that hold zeros only are an alarm of every head") {
    const TempFolder folder;
    const std::vector<float> zeros(2 * 2 * kTokens * kTokens, 0.0F);
    const std::string a = write_array(folder, "step1.npy", kShape, zeros);
    const ProgramResult one = run_program({"monitor", a, "--json"});
    CHECK(one.exit_code == 1);
    CHECK(names_in(Json::parse(one.out), "alarm") == std::vector<std::string>(4, "no_weights"));
    CHECK_THAT(run_program({"monitor", a}).out, Catch::Contains("all its weights are 0"));
    const std::string b = save_step(folder, "step2.npy", 0.2);
    const Json report = json_of(run_program({"monitor", a, b, "--json"}));
    CHECK(report["alarms"].back()["until"] == 2);
}

TEST_CASE("a threshold above the largest share there can be is refused") {
    const TempFolder folder;
    const std::string a = save_step(folder, "step1.npy", 0), b = save_step(folder, "step2.npy", 1);
    check_monitor_refused({"monitor", a, b, "--alarm", "entropy_collapse=1.5"},
                          "--alarm entropy_collapse 1.5: expected a number from 0 to 1");
    CHECK(run_program({"monitor", a, b, "--alarm", "entropy_collapse=1"}).exit_code < 2);
}

TEST_CASE("a NaN at one step is an alarm, and the head has no measure there") {
    const TempFolder folder;
    std::vector<float> broken = attention(0.5);
    broken[kTokens * kTokens + kTokens] = std::numeric_limits<float>::quiet_NaN();  // head 1, row 1
    const std::string a = save_step(folder, "step1.npy", 0.2),
                      b = write_array(folder, "step2.npy", kShape, broken),
                      c = save_step(folder, "step3.npy", 0.4);
    const Json report = json_of(run_program({"monitor", a, b, c, "--json"}));
    REQUIRE(names_in(report, "alarm") == std::vector<std::string>{"nonfinite"});
    for (const Json& alarm : report["alarms"]) {
        if (alarm["name"] != "nonfinite") continue;
        CHECK(alarm["step"] == 2);
        CHECK(alarm["until"] == 3);
        CHECK(alarm["layer"] == 0);
        CHECK(alarm["head"] == 1);
    }
    for (const auto& [name, values] : report["heads"][1].items())
        if (values.is_array()) {
            INFO(name);
            CHECK(values[1].is_null());
            CHECK(values[0].is_number());
        }
    CHECK(report["heads"][0]["entropy"][1].is_number());
    CHECK(report["model"]["difference"][1].is_null());
}

TEST_CASE("a step that leaks is measured as the causal ones beside it, and said to leak") {
    const TempFolder folder;
    std::vector<float> leaky = attention(0.3);
    leaky[(2 * kTokens + 1) * kTokens + 4] = 1e-30F;  // layer 1, head 0
    const std::string a = save_step(folder, "step1.npy", 0.2),
                      b = write_array(folder, "step2.npy", kShape, leaky),
                      same = save_step(folder, "step3.npy", 0.3);
    const ProgramResult result = run_program({"monitor", a, b, same, "--json"});
    CHECK_THAT(result.err,
               Catch::Contains("step2.npy: is taken as causal, though of layer 1 only 1 "
                               "cell right of the diagonal is not zero"));
    const Json report = json_of(result);
    for (const Json& head : report["heads"]) CHECK(head["entropy"][1] == head["entropy"][2]);
    const ProgramResult denied = run_program({"monitor", a, b, same, "--no-causal", "--quiet"});
    CHECK_THAT(denied.err, !Catch::Contains("taken as causal"));
}

TEST_CASE("the steps of one array are those that --steps says") {
    const TempFolder folder;
    std::vector<float> all;
    std::vector<std::string> files;
    for (const double sharp : {0.0, 0.5, 1.0}) {
        const auto cells = attention(sharp);
        all.insert(all.end(), cells.begin(), cells.end());
        files.push_back(save_step(folder, "step" + std::to_string(files.size()) + ".npy", sharp));
    }
    const std::string array = write_array(folder, "all.npy", {3, 2, 2, kTokens, kTokens}, all);
    const ProgramResult one =
        run_program({"monitor", array, "--steps-axis", "--steps", "0,1,2", "--json"});
    CHECK(one.out == run_program({"monitor", files[0], files[1], files[2], "--json"}).out);
    check_monitor_refused({"monitor", array, "--steps-axis", "--steps", "0,1"}, "names 2 steps");
    check_monitor_refused({"monitor", array, "--steps-axis"}, "--steps");
}

TEST_CASE("what can be no weights is doubted once, with the first step that is so") {
    const TempFolder folder;
    const std::string sums = write_array(folder, "sums.npy", {2, 1, 2, 2},
                                         std::vector<double>{1, 0, 0.5, 0.5, 4, 0, 1, 4});
    const auto result =
        run_program({"monitor", sums, "--steps-axis", "--steps", "1,2", "--axes", "heads,q,k"});
    CHECK(result.exit_code < 2);
    CHECK_THAT(result.err, Catch::Contains("sums.npy, step 2: most rows of layer 0, head 0 are far "
                                           "from a sum of 1; are these weights?"));
}

TEST_CASE("monitor refuses steps that do not belong together, and writes nothing") {
    const TempFolder folder;
    const std::string out = folder / "out";
    const std::string a = save_step(folder, "step1.npy", 0), b = save_step(folder, "step2.npy", 1),
                      again = save_step(folder, "x_step2.npy", 1),
                      other = write_array<float>(
                          folder, "step3.npy", {2, 2, 2, 2},
                          {1, 0, 0.5, 0.5, 1, 0, 0.5, 0.5, 1, 0, 0.5, 0.5, 1, 0, 0.5, 0.5});
    check_monitor_refused({"monitor", a, b, again, "-o", out}, "both are of step 2", out);
    check_monitor_refused({"monitor", a, other, "-o", out, "--quiet"}, "must have the same layers",
                          out);
    check_monitor_refused({"monitor", a, folder / "step9.npy", "-o", out, "--quiet"}, "step9.npy",
                          out);
    check_monitor_refused({"monitor", a, b, "--steps", "1,1", "-o", out}, "twice", out);
    check_monitor_refused({"monitor", a, b, "--only", "entropy", "-o", out}, "is no alarm", out);
    check_monitor_refused({"monitor", a, b, "--plots", "sinks", "-o", out}, "did you mean sink?",
                          out);
    check_monitor_refused({"monitor", a, b, "--layer", "7", "-o", out, "--quiet"}, "no such layer",
                          out);
    check_monitor_refused({"monitor", a, b, "--grad", "sum", "-o", out},
                          "--grad: has no effect on saved", out);
    check_monitor_refused({"monitor", a, b, "--heads", "2", "-o", out}, "only with --checkpoints",
                          out);
    check_monitor_refused({"monitor"}, "--checkpoints");
}

TEST_CASE("monitor takes a batch as the mean of its sequences, or each by itself") {
    const TempFolder folder;
    std::vector<float> batch;
    const auto sharp = attention(2), even = attention(0);
    // [layers 1, batch 2, heads 2, q, k]
    batch.insert(batch.end(), sharp.begin(), sharp.begin() + 2 * kTokens * kTokens);
    batch.insert(batch.end(), even.begin(), even.begin() + 2 * kTokens * kTokens);
    const std::string a = write_array(folder, "step1.npy", {1, 2, 2, kTokens, kTokens}, batch);
    const Json mean = json_of(run_program({"monitor", a, "--json"}));
    CHECK(mean["heads"].size() == 2);
    const Json each = json_of(run_program({"monitor", a, "--json", "--per-sequence"}));
    CHECK(each["heads"].size() == 6);
    const auto entropy = [&](std::size_t entry) {
        return each["heads"][entry]["entropy"][0].get<double>();
    };
    CHECK(each["heads"][2]["seq"] == 0);
    CHECK(mean["heads"][0]["entropy"][0] == Approx((entropy(2) + entropy(4)) / 2));
    CHECK_THAT(run_program({"monitor", a, "--csv", "--per-sequence"}).out,
               Catch::StartsWith("step,seq,layer,head,"));
}

TEST_CASE("monitor sends one input through every checkpoint and sees its scores grow") {
    const TempFolder folder;
    const std::string x = save_embeddings(folder);
    fs::create_directories(folder.path() / "all");
    double factor = 1;
    for (const char* name : {"all/step10", "all/step20", "all/step30", "all/step40"}) {
        save_checkpoint(folder, name, factor);
        factor *= 2;
    }
    const Arguments command{"monitor", "--checkpoints", folder / "all", "-x", x, "--heads",
                            "2",       "--causal",      "--json"};
    const Json report = json_of(run_program(command));
    CHECK(report["steps"] == Json({10, 20, 30, 40}));
    const Json& head = report["heads"][0];
    // Both projections are doubled at each step.
    for (std::size_t step = 1; step < 4; ++step) {
        for (const char* measure : {"max_abs_score", "score_std", "qk_spectral"})
            CHECK(head[measure][step].get<double>() ==
                  Approx(4 * head[measure][step - 1].get<double>()).epsilon(1e-4));
    }
    CHECK(head.count("score_range") == 0);
    CHECK(report["layers"][0]["rank_residual"][0].get<double>() > 0);
    CHECK(report["model"]["logit_forecast"].is_number());
    CHECK(json_of(run_program(join(command, {"--threads", "1"}))) == report);
}

TEST_CASE("scores of monitor are those before bias, softcap and mask") {
    const TempFolder folder;
    const std::string x = save_embeddings(folder);
    save_checkpoint(folder, "step1", 2);
    const Arguments plain{"monitor", "--checkpoints", folder / "step1", "-x", x, "--json"};
    const Json before = json_of(run_program(plain));
    const std::string bias =
        write_array<float>(folder, "bias.npy", {1, 5, 5}, std::vector<float>(25, 1000.0F));
    const Json after = json_of(run_program(join(plain, {"--bias", bias, "--softcap", "1"})));
    CHECK(after["heads"][0]["max_score"] == before["heads"][0]["max_score"]);
    CHECK(after["heads"][0]["max_abs_score"] == before["heads"][0]["max_abs_score"]);
    // Cells that a mask forbids have no say.
    std::vector<char> own(25, 0);
    for (std::size_t i = 0; i < 5; ++i) own[i * 6] = 1;
    const std::string mask = write_array(folder, "mask.npy", {5, 5}, own);
    const Json masked = json_of(run_program(join(plain, {"--mask", mask})));
    CHECK(masked["heads"][0]["max_abs_score"][0].get<double>() <
          before["heads"][0]["max_abs_score"][0].get<double>());
}

TEST_CASE("a checkpoint that holds NaN is an alarm, an input that does is refused") {
    const TempFolder folder;
    const std::string x = save_embeddings(folder);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    save_checkpoint(folder, "step1", 1);
    save_checkpoint(folder, "step2", static_cast<double>(nan));
    const Arguments both{"monitor", "--checkpoints", folder / "step1", folder / "step2", "--json"};
    const ProgramResult result = run_program(join(both, {"-x", x}));
    CHECK(result.exit_code == 1);
    CHECK(names_in(json_of(result), "alarm") == std::vector<std::string>{"nonfinite"});
    std::vector<float> broken(20, 1.0F);
    broken[3] = nan;
    const std::string y = write_array(folder, "y.npy", {5, 4}, broken);
    check_monitor_refused(join(both, {"-x", y}), "y.npy");
}

TEST_CASE("a checkpoint saved twice is found by its bytes") {
    const TempFolder folder;
    const std::string x = save_embeddings(folder);
    save_checkpoint(folder, "all/step1", 1);
    save_checkpoint(folder, "all/step2", 2);
    save_checkpoint(folder, "all/step3", 1);
    const Json report =
        json_of(run_program({"monitor", "--checkpoints", folder / "all", "-x", x, "--json"}));
    REQUIRE(names_in(report, "alarm") == std::vector<std::string>{"duplicate_checkpoint"});
    CHECK(report["alarms"].back()["message"] == "holds the same numbers as step 1");
}
