#include "analysis/stats_sink.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "support/given_weights.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

const Rows kCausal{{1, 0, 0, 0}, {0.5, 0.5, 0, 0}, {0, 0.25, 0.75, 0}, {0.1, 0.2, 0.3, 0.4}};

HeadStats measured(const Rows& rows, const StatsOptions& options = {}, bool causal = true) {
    StatsSink<double> sink(options);
    stream(sink, {rows}, causal);
    return sink.heads()[0];
}

}  // namespace

TEST_CASE("measures are means over the rows that have a key") {
    const HeadStats head = measured(kCausal);
    double last = 0;
    for (const double w : kCausal[3]) last -= w * std::log(w);
    const double third = -0.25 * std::log(0.25) - 0.75 * std::log(0.75);
    CHECK(head.entropy == Approx((0 + std::log(2) + third + last) / 4));
    CHECK(head.confidence == Approx((1 + 0.5 + 0.75 + 0.4) / 4));
    CHECK(head.diagonal == Approx((1 + 0.5 + 0.75 + 0.4) / 4));
    CHECK(head.distance == Approx((0 + 0.5 + 0.25 + (0.3 + 2 * 0.2 + 3 * 0.1)) / 4));
    CHECK(head.sink == Approx((1 + 0.5 + 0 + 0.1) / 4));
    CHECK(head.saturation == Approx(0.25));
}

TEST_CASE("normalised entropy leaves rows out that have one key only") {
    const Rows uniform{{1, 0, 0}, {0.5, 0.5, 0}, {1. / 3, 1. / 3, 1. / 3}};
    CHECK(measured(uniform).entropy_normalised == Approx(1));
}

TEST_CASE("without tokens there are no patterns of tokens, without scores no scores") {
    const HeadStats head = measured(kCausal);
    CHECK(std::isnan(head.induction));
    CHECK(std::isnan(head.duplicate_token));
    CHECK(std::isnan(head.max_score));
}

TEST_CASE("an induction head looks at what came after the earlier copy of its token") {
    StatsOptions options;
    options.tokens = {{"a", "b", "a", "b"}};
    const Rows induction{{1, 0, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}};
    const HeadStats head = measured(induction, options);
    CHECK(head.induction == Approx(0.5));  // rows 2 and 3 of four
    CHECK(head.duplicate_token == Approx(0).margin(1e-15));
}

TEST_CASE("what a key receives is summed over all queries") {
    StatsSink<double> sink(StatsOptions{});
    stream(sink, {kCausal}, true);
    REQUIRE(sink.received().size() == 1);
    const std::vector<double> expected{1.6, 0.95, 1.05, 0.4};
    for (std::size_t key = 0; key < 4; ++key)
        CHECK(sink.received()[0][key] == Approx(expected[key]));
}

TEST_CASE("the size of tiles changes no bit") {
    StatsSink<double> small(StatsOptions{}), large(StatsOptions{});
    stream(small, {kCausal}, true, 1);
    stream(large, {kCausal}, true, 4);
    for (const Measure& measure : measures()) {
        const double a = small.heads()[0].*measure.value, b = large.heads()[0].*measure.value;
        INFO(measure.name);
        CHECK((a == b || (std::isnan(a) && std::isnan(b))));
    }
}
