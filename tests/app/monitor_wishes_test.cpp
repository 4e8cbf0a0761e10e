// What monitor is asked for by name it gives, or refuses by name: a walk over all alarms and plots.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "analysis/measurable.hpp"
#include "results/training_pictures.hpp"
#include "support/array_files.hpp"
#include "support/arrays.hpp"
#include "support/commands.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::test;
using Json = nlohmann::json;

namespace {

// Whether any series of the report has a number under this name.
bool has_numbers(const Json& report, const std::string& measure) {
    const auto in = [&](const Json& entry) {
        if (entry.count(measure) == 0) return false;
        const Json& values = entry[measure];
        if (!values.is_array()) return values.is_number();
        return std::any_of(values.begin(), values.end(),
                           [](const Json& value) { return value.is_number(); });
    };
    for (const char* part : {"heads", "layers"})
        for (const Json& entry : report[part])
            if (in(entry)) return true;
    return in(report["model"]);
}

std::string uniform_step(const TempFolder& folder, const std::string& name, float first) {
    return write_array<float>(folder, name, {1, 1, 3, 3},
                              {1, 0, 0, first, 1 - first, 0, 0.25F, 0.25F, 0.5F});
}

// Runs of the sample, whose scores and tokens are there, at a step each.
Arguments save_runs(const TempFolder& folder, int count, const std::string& what) {
    Arguments names;
    for (int step = 1; step <= count; ++step) {
        names.push_back(folder / ("run" + std::to_string(step)));
        REQUIRE(run_program({"run", "-w", sample("model.json"), "--save", what, "--scale",
                             std::to_string(step) + "e-1", "-o", names.back()})
                    .exit_code == 0);
    }
    return names;
}

// Every alarm and every plot of these sources is there, or the line says which is not.
void walk(const TempFolder& folder, const Arguments& sources) {
    const Arguments command = join({"monitor", "--quiet"}, sources);
    const ProgramResult all = run_program(join(command, {"--json"}));
    INFO(all.err);
    REQUIRE(all.exit_code < 2);
    const Json report = Json::parse(all.out);
    const std::string out = folder / "pictures";
    for (const std::string& name : results::training_plot_names()) {
        const ProgramResult result =
            run_program(join(command, {"--plots", name, "-o", out, "--force"}));
        INFO(name << ": " << result.err);
        CHECK((result.exit_code < 2) == has_numbers(report, name));
        CHECK(std::filesystem::exists(out + "/" + name + ".png") == (result.exit_code < 2));
        if (result.exit_code == 2) CHECK_THAT(result.err, Catch::Contains("--plots " + name));
        std::filesystem::remove_all(out);
    }
    for (const analysis::AlarmRule& rule : analysis::alarm_rules()) {
        const std::string name = rule.name, measure = analysis::measure_of(rule);
        const bool missing = !measure.empty() && !has_numbers(report, measure);
        const ProgramResult only = run_program(join(command, {"--only", name}));
        INFO(name << ": " << only.err);
        if (missing) CHECK(only.exit_code == 2);
        if (only.exit_code == 2) {
            CHECK_THAT(only.err, Catch::Contains("--only " + name + ": can never be raised here"));
            CHECK(std::count(only.err.begin(), only.err.end(), '\n') == 1);
            CHECK(only.out.empty());
        }
        if (!rule.has_threshold) continue;
        // One step in a row is the least that can be asked for.
        const ProgramResult one = run_program(join(
            command, {"--alarm", name + "=0.5" + (name == "induction_phase_change" ? "" : ":1")}));
        INFO(one.err);
        if (missing) CHECK(one.exit_code == 2);
        if (only.exit_code < 2) CHECK(one.exit_code < 2);
    }
}

}  // namespace

TEST_CASE("every alarm and plot of weights alone is there, or refused by name") {
    const TempFolder folder;
    walk(folder, {uniform_step(folder, "step1.npy", 0.5F)});
    walk(folder, {folder / "step1.npy", uniform_step(folder, "step2.npy", 0.4F),
                  uniform_step(folder, "step3.npy", 0.3F)});
}

TEST_CASE("every alarm and plot of runs with scores and tokens is there, or refused by name") {
    const TempFolder folder;
    walk(folder, save_runs(folder, 2, "weights,scores"));
}

TEST_CASE("alarms of saved attention, of one step and of few steps are refused by name") {
    const TempFolder folder;
    const std::string a = uniform_step(folder, "step1.npy", 0.5F),
                      b = uniform_step(folder, "step2.npy", 0.4F);
    const auto error = [&](const Arguments& words) {
        const ProgramResult result = run_program(join({"monitor", a, b}, words));
        CHECK(result.exit_code == 2);
        return result.err;
    };
    using Catch::Contains;
    CHECK_THAT(error({"--only", "logit_explosion"}), Contains("--save weights,scores"));
    CHECK_THAT(error({"--only", "sink_formed,rank_collapse"}),
               Contains("--only rank_collapse") && Contains("--checkpoints"));
    CHECK_THAT(error({"--only", "vanishing_gradient"}), Contains("--grad"));
    CHECK_THAT(error({"--alarm", "uniform_head=0.9:3"}), Contains("there are 2"));
    CHECK_THAT(error({"--alarm", "logit_growth=3"}), Contains("--alarm logit_growth"));
    CHECK_THAT(error({"--alarm", "sink_formed=0.2", "--only", "uniform_head"}),
               Contains("--alarm sink_formed: has no effect, --only leaves it out"));
    CHECK_THAT(error({"--alarm", "sink_formed=0.2", "--skip", "sink_formed"}),
               Contains("--alarm sink_formed: has no effect, --skip leaves it out"));
    CHECK_THAT(error({"--plots", "induction", "-o", folder / "out"}),
               Contains("--plots induction") && Contains("--tokens FILE"));
    CHECK_FALSE(std::filesystem::exists(folder / "out"));
    CHECK(run_program({"monitor", a, b, "--skip", "logit_explosion"}).exit_code < 2);
}

TEST_CASE("what checkpoints cannot give is refused behind the first of them") {
    const TempFolder folder;
    const std::string model = sample("model.json");
    const ProgramResult result =
        run_program({"monitor", "--checkpoints", model, folder / "missing/step2.json", "--steps",
                     "1,2", "--only", "vanishing_gradient"});
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err,
               Catch::Contains("--only vanishing_gradient") && Catch::Contains("--grad UPSTREAM"));
}
