#include <catch2/catch.hpp>
#include <set>

#include "analysis/alarms.hpp"
#include "core/error.hpp"

using namespace attn;
using namespace attn::analysis;

TEST_CASE("the numbers of one alarm can be changed, and no others change with them") {
    auto rules = alarm_rules();
    change_rule(rules, "entropy_collapse=0.05:2", "--alarm");
    change_rule(rules, "logit_growth=50", "--alarm");
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const std::string name = rules[i].name;
        const AlarmRule& usual = alarm_rules()[i];
        CHECK(rules[i].threshold == (name == "entropy_collapse" ? 0.05
                                     : name == "logit_growth"   ? 50
                                                                : usual.threshold));
        CHECK(rules[i].patience == (name == "entropy_collapse" ? 2 : usual.patience));
    }
}

TEST_CASE("alarms that do not exist and numbers that are none are refused by name") {
    auto rules = alarm_rules();
    const auto refused = [&](const char* text) {
        try {
            change_rule(rules, text, "--alarm");
        } catch (const Error& problem) {
            return std::string(problem.what());
        }
        return std::string("accepted");
    };
    CHECK_THAT(refused("entropy_colapse=1"), Catch::Contains("did you mean entropy_collapse?"));
    CHECK_THAT(refused("entropy_collapse"), Catch::Contains("NAME=THRESHOLD"));
    CHECK_THAT(refused("entropy_collapse="), Catch::Contains("--alarm entropy_collapse"));
    CHECK_THAT(refused("entropy_collapse=nan"), Catch::Contains("expected"));
    CHECK_THAT(refused("entropy_collapse=-1"), Catch::Contains("expected"));
    CHECK_THAT(refused("entropy_collapse=1:0"), Catch::Contains("patience"));
    CHECK_THAT(refused("entropy_collapse=1:"), Catch::Contains("patience"));
    CHECK_THAT(refused("nonfinite=1"), Catch::Contains("no threshold"));
    CHECK_THAT(refused("induction_phase_change=0.1:2"), Catch::Contains("no patience"));
    CHECK_THROWS_AS(require_alarm_names({"nonfinite", "x"}, "--only"), Error);
}

TEST_CASE("a threshold outside of what the measure can be is refused, for every alarm") {
    for (const AlarmRule& rule : alarm_rules()) {
        if (!rule.has_threshold) continue;
        INFO(rule.name);
        CHECK(rule.range.contains(rule.threshold));
        auto rules = alarm_rules();
        const auto change = [&](const char* number) {
            return change_rule(rules, rule.name + std::string("=") + number, "--alarm");
        };
        CHECK_THROWS_AS(change("-0.1"), Error);
        CHECK_NOTHROW(change("1"));
        // Scores, their deviations, gains and differences have no largest value; shares have.
        const std::set<std::string> unbounded{"logit_growth",       "logit_explosion",
                                              "constant_scores",    "duplicate_checkpoint",
                                              "vanishing_gradient", "exploding_gradient"};
        if (unbounded.count(rule.name) != 0)
            CHECK_NOTHROW(change("1.5"));
        else
            CHECK_THROWS_WITH(change("1.5"), Catch::Contains("expected a number from 0 to 1"));
    }
}

TEST_CASE("every alarm has a name of its own") {
    const auto names = alarm_names();
    CHECK(std::set<std::string>(names.begin(), names.end()).size() == names.size());
    CHECK(names.size() == 18);
}
