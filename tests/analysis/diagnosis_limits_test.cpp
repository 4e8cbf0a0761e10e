// How long a diagnosis may take, what it tells meanwhile, and what is told of every mistake.
#include <catch2/catch.hpp>

#include "analysis/diagnosis.hpp"
#include "support/arrays.hpp"
#include "support/worlds.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

TEST_CASE("when time is up the search ends, says what was not tried, and is still not correct") {
    const World world = decoder(95, 60);
    const Array<double> noise = random_array<double>({2, 4, 60, 60}, 1);
    DiagnosisOptions options;
    options.seconds = 1e-9;
    const Diagnosis diagnosis = diagnose(world.inputs(), {Observed::weights, noise}, options);
    CHECK_FALSE(diagnosis.correct);
    CHECK_FALSE(diagnosis.explained());
    CHECK(diagnosis.untried.mistakes.size() > 100);
    CHECK(diagnosis.differences.differing > 0);
    const Observation right{Observed::weights, compute_dense(world.inputs(), {}).weights};
    CHECK(diagnose(world.inputs(), right, options).correct);
}

TEST_CASE("of every mistake there is a sentence of advice, and where it can be read about") {
    std::vector<Hypothesis> rows = hypotheses();
    rows.push_back(another_layer());
    for (const Hypothesis& row : rows) {
        INFO(row.name);
        REQUIRE(row.advice != nullptr);
        REQUIRE(row.read != nullptr);
        const std::string advice = row.advice, read = row.read;
        CHECK(advice.size() > 20);
        CHECK(advice.back() == '.');
        CHECK(read.size() > 10);
        CHECK(read.back() != '.');
        CHECK(read != advice);
        for (const char letter : advice + read) CHECK((letter >= ' ' && letter <= '~'));
    }
}

TEST_CASE("progress is told, and never runs backwards") {
    const World world = decoder(96, 8);
    const Array<double> noise = random_array<double>({2, 4, 8, 8}, 1);
    double last = 0;
    std::size_t calls = 0;
    DiagnosisOptions options;
    options.progress = [&](std::size_t done, std::size_t total) {
        const double share = static_cast<double>(done) / static_cast<double>(total);
        CHECK(share >= last);
        CHECK(share <= 1);
        last = share;
        ++calls;
    };
    diagnose(world.inputs(), {Observed::weights, noise}, options);
    CHECK(calls > 100);
}
