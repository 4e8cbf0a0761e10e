#include "analysis/trial.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "support/worlds.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

const Hypothesis* named(const std::string& name) {
    for (const Hypothesis& hypothesis : hypotheses()) {
        if (hypothesis.name == name) return &hypothesis;
    }
    return nullptr;
}

Observation weights_of(const World& world, const Mistakes& mistakes) {
    return {Observed::weights, compute_dense(world.inputs(), mistakes).weights};
}

}  // namespace

TEST_CASE("a mistake that was made is found on a sample and on everything") {
    const World world = capped(3, 200);
    Mistakes mistakes;
    mistakes.missing_softcap = true;
    const Observation seen = weights_of(world, mistakes);
    Trial trial(world.inputs(), seen, Rounding::none, [] {});
    for (const char* name : {"softcap missing", "sink left out"}) {
        const bool made = std::string(name) == "softcap missing";
        CHECK(trial.on_sample({named(name)}).fits() == made);
        CHECK(trial.on_everything({named(name)}).fits() == made);
    }
    CHECK(trial.on_sample({named("sink left out")}).residual <=
          trial.on_everything({named("sink left out")}).residual);
}

TEST_CASE("a sample that holds the worst place rules out what explains all other places") {
    const World world = capped(3, 200);
    std::vector<double> values;
    const Array<double> right = compute_dense(world.inputs(), {}).weights;
    values.assign(right.data(), right.data() + right.size());
    values[(1 * 200 + 101) * 200 + 7] += 0.1;
    const Observation seen{Observed::weights, Array<double>(right.shape(), values)};
    Trial trial(world.inputs(), seen, Rounding::none, [] {});
    trial.look_at({0, 1, 101, 7});
    CHECK_FALSE(trial.on_sample({}).fits());
}

TEST_CASE("each piece asks whether to go on") {
    const World world = decoder(4, 6);
    const Observation seen = weights_of(world, {});
    struct Stop {};
    Trial trial(world.inputs(), seen, Rounding::none, [] { throw Stop(); });
    CHECK_THROWS_AS(trial.on_sample({}), Stop);
}

TEST_CASE("a factor of zero explains nothing, though it makes rows that are all alike") {
    World world = decoder(4, 8);
    std::vector<double> values(2 * 4 * 8 * 8);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t query = i / 8 % 8;
        values[i] = i % 8 <= query ? 1 / static_cast<double>(query + 1) : 0;
    }
    const Observation seen{Observed::weights, Array<double>({2, 4, 8, 8}, values)};
    Trial trial(world.inputs(), seen, Rounding::none, [] {});
    CHECK_FALSE(trial.on_everything({named("another scale")}).fits());
    CHECK_FALSE(trial.on_everything({named("scaled input")}).fits());
}

TEST_CASE("an epsilon that nobody thought of is estimated") {
    const World world = decoder(4, 8);
    Mistakes mistakes;
    mistakes.input_epsilon = 0.01;
    const Observation seen = weights_of(world, mistakes);
    Trial trial(world.inputs(), seen, Rounding::none, [] {});
    const Explanation found = trial.on_everything({named("another epsilon in the norm")});
    CHECK(found.fits());
    CHECK(found.detail == "epsilon 0.01");
}
