#include "results/approx_report.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace attn;
using namespace attn::results;

namespace {

ApproxReport some_report() {
    ApproxRow row;
    row.spec = "global:tokens=0+1";
    row.method = "global";
    row.group = "masks";
    row.numbers["window"] = 64;
    row.words["tokens"] = "0+1";
    analysis::HeadApproximation head;
    head.head = 3;
    head.measures.kept_mass = 0.5;
    head.measures.worst_row = 7;
    row.heads.push_back(head);
    analysis::LayerApproximation layer;
    layer.measures.kept_mass = 0.5;
    row.layers.push_back(layer);
    ApproxRow skipped;
    skipped.spec = skipped.method = "h2o";
    skipped.skipped = "is a cache, which needs causal attention";
    ApproxReport report;
    report.per_head = true;
    report.methods = {row, skipped};
    return report;
}

}  // namespace

TEST_CASE("the JSON of methods has null for what is not defined, and says what was skipped") {
    const auto json = nlohmann::json::parse(approx_json(some_report()));
    CHECK(json["exact"]["flops"] == 0);
    const auto& row = json["methods"][0];
    CHECK(row["options"]["window"] == 64);
    CHECK(row["options"]["tokens"] == "0+1");
    CHECK(row["skipped"].is_null());
    const auto& head = row["layers"][0]["heads"][0];
    CHECK(head["head"] == 3);
    CHECK(head["kept_mass"] == 0.5);
    CHECK(head["worst_row"].is_number_integer());
    CHECK(head["context_error"].is_null());
    CHECK(json["methods"][1]["skipped"] == "is a cache, which needs causal attention");
    CHECK(json["methods"][1]["layers"].empty());
}

TEST_CASE("the CSV of methods has as many columns in every line as in its header") {
    const std::string csv = approx_csv(some_report());
    const std::size_t first = csv.find('\n');
    const std::string header = csv.substr(0, first);
    const std::string line = csv.substr(first + 1, csv.find('\n', first + 1) - first - 1);
    CHECK(std::count(header.begin(), header.end(), ',') ==
          std::count(line.begin(), line.end(), ','));
    CHECK(line.substr(0, 26) == "global:tokens=0+1,0,0,3,,,");
    CHECK(header.substr(0, 25) == "spec,oracle,layer,head,co");
}

TEST_CASE("several seeds give means, deviations and the worst places") {
    ApproxRow a, b;
    a.run.tv = 0.25, b.run.tv = 0.75;
    a.run.cells = 3, b.run.cells = 4;
    a.run.worst_row_error = 1, a.run.worst_row = 7;
    b.run.worst_row_error = 2, b.run.worst_row = 5;
    a.layers.resize(1);
    b.layers.resize(1);
    a.layers[0].measures = a.run;
    b.layers[0].measures = b.run;
    const ApproxRow row = mean_of_runs({a, b});
    CHECK(row.seeds == 2);
    CHECK(row.run.tv == 0.5);
    CHECK(row.run_spread.tv == 0.25);
    CHECK(row.run.worst_row_error == 2);
    CHECK(row.run.worst_row == 5);
    CHECK(row.layer_spread[0].tv == 0.25);
    CHECK(std::isnan(row.run_spread.worst_row));
    CHECK(mean_of_runs({a}).run.tv == 0.25);
    ApproxReport report;
    report.methods = {row};
    CHECK(approx_json(report).find("\"cells\": 3.5") != std::string::npos);
}
