// Three of the mistakes that are made most often, committed together.
#include <algorithm>
#include <catch2/catch.hpp>

#include "analysis/diagnosis.hpp"
#include "core/parallel.hpp"
#include "support/planted.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

TEST_CASE("three common mistakes at once are named") {
    const std::vector<std::vector<std::string>> planted{
        {"key/value heads in the other order", "rotary positions missing", "no scale"},
        {"norms of queries and keys missing", "no scale", "causal mask missing"},
        {"bias missing", "rotary pairs swapped", "causal mask missing"},
        {"key/value heads in the other order", "rotary positions of the keys missing",
         "mask off by one: the query sees the next key"}};
    const ThreadLimit one(1);
    const World world = decoder(41, 6);
    for (const auto& names : planted) {
        std::vector<const Hypothesis*> mistakes;
        for (const Hypothesis& hypothesis : hypotheses()) {
            if (std::count(names.begin(), names.end(), hypothesis.name) > 0)
                mistakes.push_back(&hypothesis);
        }
        REQUIRE(mistakes.size() == 3);
        const Observation seen{Observed::weights,
                               observe(world, mistakes, Observed::weights, Rounding::none)};
        const Diagnosis diagnosis = diagnose(world.inputs(), seen, {});
        INFO(names[0] << ", " << names[1] << ", " << names[2]);
        REQUIRE(diagnosis.explained());
        CHECK(diagnosis.explanations[0].mistakes == mistakes);
        CHECK(explained_share(diagnosis, diagnosis.explanations[0]) > 0.999);
    }
}

TEST_CASE("each of the common mistakes is a row of the table") {
    const auto& all = hypotheses();
    CHECK(std::count_if(all.begin(), all.end(), is_common) == 23);
}
