// In which order heads stand, and key/value heads, is told with the mistake.
#include <catch2/catch.hpp>

#include "support/found_choice.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

TEST_CASE("of values in another order it is told which took which place") {
    const World world = decoder(4, 9);
    Mistakes mistakes;
    mistakes.value_order = {1, 0};
    CHECK_THAT(found_choice(world, mistakes, Observed::output),
               Catch::Contains("value heads in another order; heads 0 and 1 changed places"));
}

TEST_CASE("values in another order are told where a sequence has rows without a key") {
    for (const unsigned seed : {60u, 70u, 80u, 90u}) {
        World world = masked(seed, 9);
        Mistakes mistakes;
        mistakes.value_order = {1, 0};
        mistakes.padding = Padding::inverted;
        CHECK_THAT(found_choice(world, mistakes, Observed::output),
                   Catch::Contains("value heads in another order; padding polarity; "));
    }
}

TEST_CASE("key/value heads in another order are told in weights, scores and outputs") {
    const World world = capped_groups(1, 9);
    for (const auto kind : {Observed::weights, Observed::scores, Observed::output}) {
        Mistakes mistakes;
        mistakes.kv_order = {2, 1, 0, 3};
        CHECK_THAT(
            found_choice(world, mistakes, kind),
            Catch::Contains("key/value heads in another order; heads 0 and 2 changed places"));
        mistakes.kv_order = {1, 2, 3, 0};
        CHECK_THAT(found_choice(world, mistakes, kind),
                   Catch::Contains("key/value heads in another order; head 0 is 1, head 1 is 2, "
                                   "head 2 is 3, head 3 is 0"));
        mistakes.scale = 0.5;
        CHECK_THAT(
            found_choice(world, mistakes, kind),
            Catch::Contains("key/value heads in another order; scaled by 1 / sqrt(d_head); "));
    }
    // Where each weight reads all heads, none can be matched by itself.
    for (const auto kind : {Observed::weights, Observed::output}) {
        Mistakes mistakes;
        mistakes.axis = SoftmaxAxis::heads;
        mistakes.kv_order = {1, 2, 3, 0};
        const std::string found = found_choice(world, mistakes, kind);
        CHECK_THAT(found,
                   Catch::Contains("key/value heads in another order; softmax over the heads; "));
        CHECK_THAT(found, Catch::Contains("head 0 is 1, head 1 is 2, head 2 is 3, head 3 is 0"));
    }
}
