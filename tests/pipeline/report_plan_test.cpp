#include "pipeline/report_plan.hpp"

#include <catch2/catch.hpp>

using namespace attn::pipeline;

namespace {

struct Row {
    const char* what;
    std::size_t matrices;
    double cells;  // that may be attended, of one matrix
    std::size_t queries;
    std::size_t keys;
    bool exact;
    std::size_t pool;  // 0: whatever fits
    double megabytes;  // about
};

ReportSize size_of(const Row& row) {
    return {row.matrices, static_cast<double>(row.matrices) * row.cells, row.queries, row.keys,
            90e3};
}

}  // namespace

TEST_CASE("what a page keeps follows from the size of the source and the budget") {
    const double causal64 = 64 * 65 / 2, causal128 = 128 * 129 / 2, causal512 = 512 * 513 / 2;
    const Row rows[] = {
        {"a layer of GPT-2, 25 tokens", 12, 25 * 26 / 2, 25, 25, true, 1, 0.11},
        {"12 x 12 x 64 causal", 144, causal64, 64, 64, true, 1, 1.6},
        {"12 x 12 x 128 causal", 144, causal128, 128, 128, false, 1, 1.9},
        {"12 x 12 x 128, all keys", 144, 128 * 128, 128, 128, false, 1, 3.2},
        {"12 x 12 x 512 causal", 144, causal512, 512, 512, false, 1, 22.8},
        {"12 x 12 x 1024 causal", 144, 1024.0 * 1025 / 2, 1024, 1024, false, 3, 14.7},
        {"12 heads of 131,072 tokens", 12, 131072.0 * 131073 / 2, 131072, 131072, false, 0, 24},
        {"one query over 131,072 keys", 1, 131072, 1, 131072, true, 1, 0.75},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        const auto plan = plan_report(size_of(row), ReportValues::automatic, 24e6, 4);
        REQUIRE(plan);
        CHECK(plan->exact == row.exact);
        if (row.pool > 0) CHECK(plan->pool == row.pool);
        if (row.pool == 0) CHECK(plan->pool > 1);
        CHECK(plan->bytes <= 24e6);
        CHECK(plan->bytes == Approx(row.megabytes * 1e6).epsilon(0.15));
        if (!plan->exact) {
            CHECK(plan->top >= 1);
            CHECK(plan->rows(row.queries) <= kLongestSide);
            CHECK(plan->columns(row.keys) <= kLongestSide);
        }
    }
}

TEST_CASE("what else a page holds makes no weights less exact") {
    const ReportSize picture{6, 6 * 17 * 17, 17, 17, 5.4e6};
    const auto plan = plan_report(picture, ReportValues::automatic, 24e6, 4);
    REQUIRE(plan);
    CHECK(plan->exact);
    CHECK_FALSE(plan_report(picture, ReportValues::automatic, 5e6, 4)->exact);
    // 12 x 12 heads of 64 tokens with rollout, statistics and small maps.
    CHECK(plan_report({156, 156 * 2080, 64, 64, 0.4e6}, ReportValues::automatic, 24e6, 4)->exact);
}

TEST_CASE("who asks for exact values gets them, or nothing") {
    const ReportSize size{144, 144 * 8256.0, 128, 128, 90e3};
    const auto plan = plan_report(size, ReportValues::exact, 24e6, 4);
    REQUIRE(plan);
    CHECK(plan->exact);
    // Whether they fit is measured, once.
    CHECK(plan_report(size, ReportValues::exact, 3e6, 4)->exact);
    CHECK_FALSE(plan_report(size, ReportValues::exact, 3e6, 4, plan));
}

TEST_CASE("matrices of which half may be zeros are tried whole") {
    const auto plan =
        plan_report({144, 144.0 * 512 * 512, 512, 512, 250e3}, ReportValues::automatic, 24e6, 4);
    REQUIRE(plan);
    CHECK(plan->pool == 1);
    CHECK(plan->bytes > 24e6);
}

TEST_CASE("who asks for fewer or more exact entries gets them in bands, too") {
    const ReportSize size{1, 4000.0 * 4000, 4000, 4000, 0};
    for (const std::size_t top : {1U, 2U, 4U, 8U}) {
        const auto plan = plan_report(size, ReportValues::compact, 24e6, top);
        REQUIRE(plan);
        CHECK(plan->pool == 2);
        CHECK(plan->top == 2 * top);
    }
}

TEST_CASE("who asks for compact values gets no exact page, however small") {
    const auto plan = plan_report({1, 9, 3, 3, 0}, ReportValues::compact, 24e6, 4);
    REQUIRE(plan);
    CHECK_FALSE(plan->exact);
    CHECK(plan->pool == 1);
    CHECK(plan->top == 3);  // a row has no more
}

TEST_CASE(
    "a page that came out too large gets a coarser plan, until nothing would be left to see") {
    const ReportSize size{144, 144 * 8256.0, 128, 128, 90e3};
    auto plan = plan_report(size, ReportValues::automatic, 24e6, 4);
    REQUIRE(plan);
    CHECK(plan->pool == 1);
    plan = plan_report(size, ReportValues::automatic, 24e6, 4, plan);
    REQUIRE(plan);
    CHECK(plan->pool == 2);
    CHECK_FALSE(plan_report(size, ReportValues::automatic, 24e6, 4, plan));  // sides below 64
    const ReportPlan exact{true, 1, 0, 0};
    plan = plan_report(size, ReportValues::automatic, 24e6, 4, exact);
    REQUIRE(plan);
    CHECK_FALSE(plan->exact);
    CHECK(plan->pool == 1);
}

TEST_CASE("the last plan is tried though its estimate is above the budget") {
    const ReportSize large{1, 1e6, 1000, 1000, 90e3}, small{1, 9, 3, 3, 90e3};
    const auto coarse = plan_report(large, ReportValues::automatic, 50e3, 4);
    REQUIRE(coarse);
    CHECK(coarse->rows(1000) >= kShortestSide);
    CHECK((1000 + coarse->pool) / (coarse->pool + 1) < kShortestSide);
    CHECK_FALSE(plan_report(large, ReportValues::automatic, 50e3, 4, coarse));
    const auto whole = plan_report(small, ReportValues::automatic, 50e3, 4);
    REQUIRE(whole);
    CHECK(whole->pool == 1);
    CHECK_FALSE(plan_report(small, ReportValues::automatic, 50e3, 4, whole));
}

TEST_CASE("where no plan fits, so many matrices would, or so large a page") {
    // 1,000 bytes of each matrix, 100,000 of the page.
    const ReportSize size{10, 10 * 128.0 * 128, 128, 128, 110e3, 1000};
    const double one = 1.1 * (5.0 * 128 * 128 + 1000);  // exact cells take five bytes, noise more
    const ReportRoom exact = report_room(size, ReportValues::exact, 100e3 + 3.5 * one, 4);
    CHECK(exact.matrices == 3);
    CHECK(exact.bytes == Approx(100e3 + 10 * one));
    CHECK(report_room(size, ReportValues::exact, 50e3, 4).matrices == 0);
    CHECK(report_room(size, ReportValues::exact, 1e9, 4).matrices == 9);
    // Pooled ones are smaller.
    const ReportRoom pooled = report_room(size, ReportValues::automatic, 100e3 + 3.5 * one, 4);
    CHECK(pooled.bytes < exact.bytes);
    CHECK(pooled.matrices > exact.matrices);
}
