// monitor --grad: how gradients pass the checkpoints of a training.
#include <catch2/catch.hpp>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "support/array_files.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using Catch::Contains;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

namespace {

// A training of two layers of two heads: all matrices are the identity, but for the values, which
// are `factors` of it at each step.
struct Training {
    TempFolder folder;
    std::string x;

    explicit Training(const std::vector<float>& factors) {
        std::vector<float> rows;
        for (int i = 0; i < 12; ++i) rows.push_back(0.1F * static_cast<float>((i * 5 + 2) % 7));
        x = write_array<float>(folder, "x.npy", {3, 4}, rows);
        for (std::size_t step = 0; step < factors.size(); ++step) save(step + 1, factors[step]);
    }

    void save(std::size_t step, float factor) const {
        const std::string name = "all/step" + std::to_string(step);
        std::filesystem::create_directories(folder.path() / name);
        for (const char* layer : {"0", "1"}) {
            for (const char* matrix : {"W_Q", "W_K", "W_V", "W_O"}) {
                std::vector<float> cells(16, 0.0F);
                for (std::size_t i = 0; i < 4; ++i)
                    cells[i * 5] = std::string(matrix) == "W_V" ? factor : 1.0F;
                write_array<float>(folder, name + "/layers." + layer + "." + matrix + ".npy",
                                   {4, 4}, cells);
            }
        }
    }

    ProgramResult monitor(const Words& more) const {
        Words words{"monitor", "--checkpoints", folder / "all", "-x", x, "--heads",
                    "2",       "--causal",      "--quiet"};
        words.insert(words.end(), more.begin(), more.end());
        return run_program(words);
    }
    Json grad(const std::string& step, const Words& more) const {
        Words words{"grad",     "-w",    folder / ("all/" + step), "-x", x, "--heads", "2",
                    "--causal", "--json"};
        words.insert(words.end(), more.begin(), more.end());
        return Json::parse(run_program(words).out);
    }
};

std::vector<std::string> alarms_of(const Json& report) {
    std::vector<std::string> names;
    for (const Json& alarm : report["alarms"])
        if (alarm["verdict"] == "alarm") names.push_back(alarm["name"]);
    return names;
}

}  // namespace

TEST_CASE("gradients of monitor are those of grad at each step") {
    const Training training({1, 2});
    const Json report = Json::parse(training.monitor({"--grad", "energy", "--json"}).out);
    for (std::size_t step = 0; step < 2; ++step) {
        const Json grad =
            training.grad("step" + std::to_string(step + 1), {"--upstream", "energy"});
        for (std::size_t i = 0; i < 4; ++i) {
            for (const auto& [name, value] : grad["heads"][i].items()) {
                if (name == "layer" || name == "head") continue;
                INFO(name);
                CHECK(report["heads"][i]["grad"][name][step] == value);
            }
        }
        for (std::size_t i = 0; i < 2; ++i) {
            for (const auto& [name, value] : grad["layers"][i].items()) {
                if (name == "layer") continue;
                INFO(name);
                CHECK(report["layers"][i]["grad"][name][step] == value);
            }
        }
        for (const auto& [name, value] : grad["model"].items())
            CHECK(report["model"]["grad"][name][step] == value);
    }
}

TEST_CASE("gradients that explode or vanish for two steps are alarms") {
    const Training training({1, 100, 200, 300, 1});
    const Words only{"--only", "exploding_gradient,vanishing_gradient", "--json"};
    const auto with = [&](Words words) {
        words.insert(words.end(), only.begin(), only.end());
        return training.monitor(words);
    };
    const auto result = with({"--grad", "sum"});
    CHECK(result.exit_code == 1);
    const Json report = Json::parse(result.out);
    CHECK(alarms_of(report) == std::vector<std::string>{"exploding_gradient"});
    for (const Json& alarm : report["alarms"]) {
        if (alarm["name"] != "exploding_gradient") continue;
        CHECK(alarm["since"] == 2);
        CHECK(alarm["step"] == 3);
        CHECK(alarm["until"] == 5);
        CHECK(alarm["threshold"] == 1000);
        CHECK(alarm["layer"].is_null());
    }
    const Json least =
        Json::parse(with({"--grad", "sum", "--alarm", "vanishing_gradient=1e9:1"}).out);
    CHECK(least["alarms"].front()["name"] == "vanishing_gradient");
    const auto without = with({});
    CHECK(without.exit_code == 2);
    CHECK_THAT(without.err, Contains("--only exploding_gradient") && Contains("--grad UPSTREAM"));
}

TEST_CASE("tables of monitor have columns for gradients where they were asked for") {
    const Training training({1, 2});
    const std::string out = training.folder / "out";
    CHECK(training.monitor({"--grad", "token:1", "-o", out, "--plots", "none"}).exit_code == 0);
    CHECK_THAT(read_file(out + "/heads.csv"), Contains(",grad.grad_scores,"));
    CHECK_THAT(read_file(out + "/layers.csv"),
               Contains(",grad.gain,") && Contains(",grad.grad_W_Q,"));
    CHECK(training.monitor({"--csv"}).out.find("grad.") == std::string::npos);
}

TEST_CASE("a NaN at one step leaves its gradients empty, and those of the others there") {
    const Training training({1, std::numeric_limits<float>::quiet_NaN(), 2});
    const auto result = training.monitor({"--grad", "sum", "--json"});
    CHECK(result.exit_code == 1);
    const Json gains = Json::parse(result.out)["model"]["grad"]["depth_gain"];
    CHECK(gains[0].is_number());
    CHECK(gains[1].is_null());
    CHECK(gains[2].is_number());
}

TEST_CASE("an upstream of monitor that does not fit is refused by the name of its flag") {
    const Training training({1});
    for (const auto& [upstream, words] :
         {std::pair("token:3", "--grad token:3: there are 3 tokens"),
          std::pair("token:x", "--grad"), std::pair("logit:0,1", "--grad logit:0,1"),
          std::pair("no-such.npy", "no-such.npy")}) {
        const std::string out = training.folder / "out";
        const auto result = training.monitor({"--grad", upstream, "-o", out});
        INFO(result.err);
        CHECK(result.exit_code == 2);
        CHECK_THAT(result.err, Contains(words));
        CHECK_FALSE(std::filesystem::exists(out));
    }
    CHECK_THAT(training.monitor({"--grad", "sum", "--seq", "0"}).err, Contains("--seq and --grad"));
}

TEST_CASE("gradients that overflow where attention does not are an alarm") {
    // What comes down is 3e38 times the values, which are 4: above what float32 holds.
    const Training training({1, 4});
    const std::string upstream =
        write_array<float>(training.folder, "upstream.npy", {3, 4}, std::vector<float>(12, 3e38F));
    const ProgramResult result =
        training.monitor({"--grad", upstream, "--allow-nonfinite", "--json"});
    INFO(result.err);
    REQUIRE(result.exit_code == 1);
    CHECK_THAT(alarms_of(Json::parse(result.out)), Catch::VectorContains(std::string("nonfinite")));
}
