#include "results/approx_pictures.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::results;
using attn::test::TempFolder;

namespace {

ApproxRow row_of(const std::string& method, double flops, double error) {
    ApproxRow row;
    row.method = method;
    row.spec = method + ":window=2";
    row.group = "masks";
    row.budget = "window=2";
    row.run.flops_ratio = row.run.read_ratio = flops;
    row.run.context_error = error;
    row.run.kept_mass = 1;
    return row;
}

std::vector<std::string> drawn(const ApproxReport& report) {
    const TempFolder folder;
    io::OutputFolder output(folder / "lab", io::OutputGuard("approx", {}, {}));
    write_approx_pictures(report, {"file", "context", "attn-inspect approx"}, output);
    std::vector<std::string> files = output.files();
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

TEST_CASE("methods are drawn where costs and errors are known") {
    ApproxReport report;
    report.methods = {row_of("exact", 1, 0), row_of("local", 0.5, 0.1), row_of("local", 2, 0)};
    CHECK(drawn(report) == std::vector<std::string>{"pareto-bytes.png", "pareto.png"});
    report.costs = false;
    CHECK(drawn(report).empty());
    report.costs = true;
    report.methods = {row_of("exact", 1, 0)};
    CHECK(drawn(report).empty());
}

TEST_CASE("needs and growth are drawn where the report holds them") {
    ApproxReport report;
    analysis::NeedsOfHead head;
    head.needs.mass = head.needs.mass_without_first = {3, 1};
    report.needs = {head};
    CHECK(drawn(report) == std::vector<std::string>{"needs.png", "spans.png"});
    report.needs->front().needs.singular_values = {2, 0.5, 0};
    report.needs->front().needs.rank = 2;
    report.growth = analysis::grow_layers({8, 8, 2, false}, {8, 64}, {});
    CHECK(drawn(report) ==
          std::vector<std::string>{"growth.png", "needs.png", "spans.png", "spectrum.png"});
    // Nothing to see is no reason to fail.
    report.needs->front().needs.mass = report.needs->front().needs.mass_without_first = {};
    CHECK(drawn(report).size() == 4);
}
