#include "analysis/head_roles.hpp"

#include <catch2/catch.hpp>

using namespace attn::analysis;

namespace {

HeadStats head(std::size_t layer, std::size_t number, double previous, double confidence) {
    HeadStats stats;
    stats.layer = layer;
    stats.head = number;
    stats.previous = previous;
    stats.confidence = confidence;
    return stats;
}

}  // namespace

TEST_CASE("a role names the head that plays it most, and counts those that play it") {
    const auto roles =
        find_roles({head(0, 0, 0.2, 0.9), head(0, 1, 0.6, 0.8), head(1, 0, 0.7, 0.1)});
    REQUIRE(roles.size() == 2);
    CHECK(roles[0].name == "previous token");
    CHECK(roles[0].layer == 1);
    CHECK(roles[0].value == 0.7);
    CHECK(roles[0].strong == 2);
    CHECK(roles[1].name == "one key");
    CHECK(roles[1].head == 0);
    CHECK(roles[1].strong == 2);
}

TEST_CASE("of heads that differ by rounding only the first is named") {
    CHECK(find_roles({head(0, 0, 0.5, 0.9), head(0, 1, 0.5 + 1e-6, 0.9)})[0].head == 0);
}

TEST_CASE("roles that nobody has a number for are left out") {
    CHECK(find_roles({}).empty());
    CHECK(find_roles({HeadStats{}}).empty());
}

TEST_CASE("the measure of a role is a column of stats") {
    HeadStats all;
    all.previous = all.induction = all.duplicate_token = all.first = 0.1;
    all.entropy_normalised = all.confidence = 0.1;
    const auto roles = find_roles({all});
    CHECK(roles.size() == 6);
    for (const HeadRole& role : roles) CHECK_NOTHROW(find_measure(role.measure, "--sort"));
}
