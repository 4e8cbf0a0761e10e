#include "results/training_report.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace attn;
using namespace attn::results;

namespace {

TrainingReport example() {
    TrainingReport report;
    report.series.steps = {0, 100};
    report.series.repeats.resize(2);
    report.series.model.resize(2);
    analysis::HeadSeries head{1, 2, std::nullopt, std::vector<analysis::StepHead>(2)};
    head.steps[1].entropy = 0.1;
    report.series.heads = {head};
    report.series.layers = {{1, std::nullopt, std::vector<analysis::StepLayer>(2)}};
    return report;
}

}  // namespace

TEST_CASE("what does not exist at a step is null, and what nobody gave is left out") {
    const auto json = nlohmann::json::parse(training_json(example(), false));
    const auto& head = json["heads"][0];
    CHECK(head["entropy"][0].is_null());
    CHECK(head["entropy"][1] == 0.1);
    CHECK(head.count("induction") == 0);
    CHECK(head.count("seq") == 0);
    CHECK(json["steps"] == nlohmann::json({0, 100}));
    CHECK(json["model"].count("logit_forecast") == 0);
    CHECK(json["passed"] == true);
}

TEST_CASE("tables have an empty cell for what does not exist, and numbers that read back") {
    const std::string usual =
        "entropy,entropy_normalised,confidence,effective_keys,saturation,sink\n";
    CHECK(heads_csv(example().series) ==
          "step,layer,head," + usual + "0,1,2,,,,,,\n100,1,2,0.1,,,,,\n");
    CHECK(layers_csv(example().series) ==
          "step,layer,entropy_normalised,saturation,effective_keys,change\n0,1,,,,\n100,1,,,,\n");
    TrainingReport batch = example();
    batch.series.heads.push_back(batch.series.heads[0]);
    batch.series.heads[1].sequence = 4;
    CHECK(heads_csv(batch.series) ==
          "step,seq,layer,head," + usual +
              "0,,1,2,,,,,,\n0,4,1,2,,,,,,\n100,,1,2,0.1,,,,,\n100,4,1,2,0.1,,,,,\n");
}

TEST_CASE("warnings fail only a strict look, events none") {
    TrainingReport report = example();
    report.alarms.resize(1);
    report.alarms[0].verdict = analysis::AlarmVerdict::event;
    CHECK(report.passed(true));
    report.alarms[0].verdict = analysis::AlarmVerdict::warning;
    CHECK(report.passed(false));
    CHECK_FALSE(report.passed(true));
    report.alarms[0].verdict = analysis::AlarmVerdict::alarm;
    CHECK_FALSE(report.passed(false));
    CHECK(nlohmann::json::parse(training_json(report, false))["passed"] == false);
}
