// What a mistake chooses among a few is told with it: heads, a layer, how many.
#include <catch2/catch.hpp>

#include "analysis/diagnosis.hpp"
#include "analysis/other_relative.hpp"
#include "support/arrays.hpp"
#include "support/worlds.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

std::string found_choice(const World& world, const Mistakes& mistakes, Observed kind) {
    const DenseAttention made = compute_dense(world.inputs(), mistakes);
    const Observation seen{kind, kind == Observed::weights ? made.weights : made.output};
    const Diagnosis diagnosis = diagnose(world.inputs(), seen, {});
    std::string text;
    for (const Explanation& explanation : diagnosis.explanations) {
        for (const Hypothesis* mistake : explanation.mistakes)
            text += mistake->name + std::string("; ");
        text += explanation.detail + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("it is told how many weights of each row were kept, in weights and in outputs") {
    const World world = capped(3, 12);
    for (const std::size_t count : {1u, 3u, 7u}) {
        for (const bool again : {false, true}) {
            for (const auto kind : {Observed::weights, Observed::output}) {
                Mistakes mistakes;
                mistakes.top_keys = count;
                mistakes.renormalises_top = again;
                const std::string text = found_choice(world, mistakes, kind);
                CHECK_THAT(text, Catch::Contains(std::string("only the largest weights kept") +
                                                 (again ? " and renormalised; " : "; ") +
                                                 std::to_string(count) + " in each row"));
            }
        }
    }
}

TEST_CASE("of values in another order it is told which took which place") {
    const World world = decoder(4, 9);
    Mistakes mistakes;
    mistakes.value_order = {1, 0};
    CHECK_THAT(found_choice(world, mistakes, Observed::output),
               Catch::Contains("value heads in another order; heads 0 and 1 changed places"));
}

TEST_CASE("the max distance of buckets and the layer of a table are told") {
    World world = biased(5, 40);
    world.options.mask.structure = {};
    world.options.mask.relative =
        RelativeBias<double>(random_array<double>({32, 2}, 1), {32, 128, true});
    world.other_relative[0].second =
        RelativeBias<double>(random_array<double>({32, 2}, 2), {32, 128, true});
    Mistakes mistakes;
    mistakes.relative = with_max_distance(world.options.mask.relative, 2, 23);
    CHECK_THAT(found_choice(world, mistakes, Observed::weights),
               Catch::Contains("another max distance of T5's buckets; max distance 23"));
    mistakes.relative = world.other_relative[0].second;
    CHECK_THAT(found_choice(world, mistakes, Observed::weights),
               Catch::Contains("T5's table of another layer; layer 3"));
}

TEST_CASE("it is told up to which dimension pairs are swapped") {
    const World world = cached(6, 9);
    for (const std::size_t until : {2u, 3u, 4u, 6u}) {
        Mistakes mistakes;
        mistakes.other_pairs_until = until;
        CHECK_THAT(found_choice(world, mistakes, Observed::weights),
                   Catch::Contains("rotary pairs swapped in a part of the dimensions; the first " +
                                   std::to_string(until) + " of 8"));
    }
}

TEST_CASE("a mistake that chooses is found beside others that are known") {
    const World world = decoder(7, 9);
    Mistakes mistakes;
    mistakes.value_order = {1, 0};
    mistakes.causal = false;
    CHECK_THAT(found_choice(world, mistakes, Observed::output),
               Catch::Contains("value heads in another order; causal mask missing; "));
    mistakes.value_order = {};
    mistakes.averaged = true;
    CHECK_THAT(found_choice(world, mistakes, Observed::weights),
               Catch::Contains("causal mask missing; heads averaged; "));
}
