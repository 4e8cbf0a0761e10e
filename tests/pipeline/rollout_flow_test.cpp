#include "pipeline/rollout_flow.hpp"

#include <catch2/catch.hpp>

#include "support/stored_layers.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::pipeline;
using namespace attn::test;

namespace {

const Warn kNoWarning = [](const std::string& text) { FAIL_CHECK(text); };

// Two layers of one head, four tokens.
struct Stack {
    TempFolder folder;
    RolloutRequest request;
    io::Inputs inputs;
    RolloutStack<double> stack;

    Stack() {
        request.from.source = folder.write("a.npy", npy_of(random_layers({2, 1, 1, 4, 4})));
        request.from.axes = "layers,batch,heads,q,k";
        request.method = RolloutMethod::flow;
        stack = open_rollout_source<double>(request, CausalLooks::all_layers, inputs, kNoWarning);
    }
};

}  // namespace

TEST_CASE("flows have the rows and columns that were asked for, as shares where so asked") {
    Stack of;
    const std::vector<std::size_t> targets{1, 3}, sources{0, 1};
    const Matrix<double> raw =
        RolloutFlow<double>(of.request, targets, sources).rows(of.stack, 0, 1);
    REQUIRE((raw.rows == 2 && raw.columns == 2));
    of.request.normalise = true;
    const Matrix<double> shares =
        RolloutFlow<double>(of.request, targets, sources).rows(of.stack, 0, 1);
    for (std::size_t row = 0; row < 2; ++row) {
        const double sum = raw.row(row)[0] + raw.row(row)[1];
        for (std::size_t column = 0; column < 2; ++column)
            CHECK(shares.row(row)[column] == Approx(raw.row(row)[column] / sum));
    }
}

TEST_CASE("flows at a bound that the layers between have no part in are told") {
    const auto told_of = [](std::size_t target, const std::vector<std::size_t>& sources) {
        Stack of;
        const std::vector<std::size_t> targets{target};
        RolloutFlow<double> flow(of.request, targets, sources);
        flow.rows(of.stack, 0, 1);
        results::RolloutSummary summary;
        std::vector<std::string> told;
        flow.summarise(summary, [&](const std::string& text) { told.push_back(text); });
        CHECK(told == summary.warnings);
        CHECK(told.empty() == (*summary.flow_saturation <= 0.5));
        return told;
    };
    CHECK(told_of(3, {0, 1, 2, 3}).empty());
    const auto of_first = told_of(0, {0});  // it reads nothing but itself
    REQUIRE(of_first.size() == 1);
    CHECK_THAT(of_first[0], Catch::Contains("limited by the first and last layer alone"));
}

TEST_CASE("a flow that would take minutes asks for the targets that it is wanted for") {
    constexpr std::size_t kManySequences = 1'000'000'000;
    Stack of;
    const std::vector<std::size_t> all{0, 1, 2, 3};
    RolloutFlow<double> flow(of.request, all, all);
    CHECK_THROWS_WITH(
        flow.rows(of.stack, 0, kManySequences),
        Catch::Contains("weights would take about") && Catch::Contains("name the --targets"));
    of.request.last_target = true;
    CHECK_NOTHROW(RolloutFlow<double>(of.request, {3}, all).rows(of.stack, 0, kManySequences));
}
