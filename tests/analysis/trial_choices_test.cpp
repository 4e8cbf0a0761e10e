// What a mistake chooses among a few is told with it: a layer, a key, how many.
#include <catch2/catch.hpp>

#include "analysis/other_relative.hpp"
#include "attention/position_bias.hpp"
#include "support/found_choice.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

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

TEST_CASE("the weights that were kept are counted under sinks that were added to all") {
    Mistakes mistakes;
    mistakes.top_keys = 3;
    mistakes.added_sink = true;
    CHECK_THAT(found_choice(capped(3, 12), mistakes, Observed::weights),
               Catch::Contains("only the largest weights kept; sinks added to the weights; "
                               "3 in each row"));
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

TEST_CASE("it is told which key nobody reads, and of how many heads ALiBi's slopes are") {
    World world = capped(9, 12);
    for (const auto kind : {Observed::weights, Observed::scores, Observed::output}) {
        for (const std::size_t key : {0u, 4u}) {
            Mistakes mistakes;
            mistakes.masked_key = key;
            CHECK_THAT(found_choice(world, mistakes, kind),
                       Catch::Contains("one key masked for all queries; key " +
                                       std::to_string(key) + "\n"));
        }
        Mistakes mistakes;
        mistakes.alibi = {alibi_slopes(16)[0], alibi_slopes(16)[1]};
        CHECK_THAT(found_choice(world, mistakes, kind),
                   Catch::Contains("ALiBi slopes of another number of heads; those of 16 heads"));
        mistakes.masked_key = 0;
        mistakes.alibi = {};
        mistakes.scale = 0.5;
        CHECK_THAT(
            found_choice(world, mistakes, kind),
            Catch::Contains("scaled by 1 / sqrt(d_head); one key masked for all queries; key 0"));
    }
}

TEST_CASE("what stands in the place of softmax has a name, alone and beside another mistake") {
    const World world = decoder(11, 9);
    const auto name_of_it = [](const Mistakes& m) {
        return m.log_softmax                         ? "logarithms of the weights; "
               : m.activation == Activation::sigmoid ? "sigmoid in place of softmax; "
                                                     : "ReLU in place of softmax; ";
    };
    Mistakes sigmoid, relu, logarithms;
    sigmoid.activation = Activation::sigmoid;
    relu.activation = Activation::relu;
    logarithms.log_softmax = true;
    for (const Mistakes& mistakes : {sigmoid, relu, logarithms}) {
        for (const auto kind : {Observed::weights, Observed::scores, Observed::output}) {
            if (mistakes.log_softmax != (kind == Observed::scores)) continue;
            CHECK_THAT(found_choice(world, mistakes, kind),
                       Catch::StartsWith(name_of_it(mistakes)));
            Mistakes open = mistakes;
            open.causal = false;
            CHECK_THAT(found_choice(world, open, kind),
                       Catch::StartsWith(std::string("causal mask missing; ") + name_of_it(open)));
        }
    }
}

TEST_CASE("pairs behind the first half that are not turned have a name") {
    const World world = cached(12, 9);
    Mistakes mistakes;
    mistakes.turned_pairs = 2;
    CHECK_THAT(found_choice(world, mistakes, Observed::weights),
               Catch::StartsWith("rotary on the first half of the pairs; "));
}

TEST_CASE("sequences that were moved as a whole have a name, alone and beside another mistake") {
    Mistakes reversed, behind, before;
    reversed.reversed_tokens = true;
    behind.sequence_shift = -1;
    before.sequence_shift = 1;
    const std::pair<Mistakes, const char*> moves[] = {
        {reversed, "sequence reversed; "},
        {behind, "sequence shifted by one, the last token in front; "},
        {before, "sequence shifted by one, the first token at the end; "}};
    for (const World& world : {decoder(13, 9), cached(14, 8)}) {
        for (auto [mistakes, name] : moves) {
            for (const auto kind : {Observed::weights, Observed::scores, Observed::output}) {
                INFO(world.name << ": " << name);
                CHECK(found_choice(world, mistakes, kind) == std::string(name) + "\n");
                Mistakes unscaled = mistakes;
                unscaled.scale = 1;
                CHECK(found_choice(world, unscaled, kind) == name + std::string("no scale; \n"));
            }
        }
    }
}

TEST_CASE("a residual that was added moves with its sequence") {
    const World world = decoder(15, 7);
    Mistakes mistakes;
    mistakes.added_residual = mistakes.reversed_tokens = true;
    CHECK(found_choice(world, mistakes, Observed::output) ==
          "residual added to the output; sequence reversed; \n");
}

TEST_CASE("angles along the heads have a name where they can be told") {
    Mistakes mistakes;
    mistakes.angles_of_heads = true;
    for (const World& world : {decoder(16, 9), cached(17, 8)}) {
        for (const auto kind : {Observed::weights, Observed::scores, Observed::output}) {
            INFO(world.name);
            mistakes.causal = {};
            CHECK(found_choice(world, mistakes, kind) == "rotary angles along the heads; \n");
            mistakes.causal = false;
            CHECK_THAT(found_choice(world, mistakes, kind),
                       Catch::StartsWith("rotary angles along the heads; causal mask missing; "));
        }
    }
    // Query and key of a head are turned alike: their product is that of those that are not turned.
    mistakes.causal = {};
    CHECK(found_choice(biased(18, 9), mistakes, Observed::weights) ==
          "rotary positions missing; \n");
}

TEST_CASE("it is told how many key/value heads gave way to their mean") {
    const World world = capped_groups(1, 9);
    for (const auto kind : {Observed::weights, Observed::scores, Observed::output}) {
        for (const std::size_t count : {2u, 4u}) {
            Mistakes mistakes;
            mistakes.averaged_kv_heads = count;
            const std::string told = "each " + std::to_string(count) + " of 4\n";
            CHECK(found_choice(world, mistakes, kind) == "key/value heads averaged; " + told);
            mistakes.scale = 0.5;
            CHECK(found_choice(world, mistakes, kind) ==
                  "key/value heads averaged; scaled by 1 / sqrt(d_head); " + told);
        }
    }
}

TEST_CASE("the logarithm of ALiBi's distance has a name, alone and beside another mistake") {
    const World world = capped(20, 9);
    for (const auto kind : {Observed::weights, Observed::scores, Observed::output}) {
        Mistakes mistakes;
        mistakes.logarithmic_alibi = true;
        CHECK(found_choice(world, mistakes, kind) == "ALiBi of the distance's logarithm; \n");
        mistakes.missing_softcap = true;
        CHECK(found_choice(world, mistakes, kind) ==
              "softcap missing; ALiBi of the distance's logarithm; \n");
    }
}

TEST_CASE("the largest weights of each row are counted where their places are lost") {
    const World world = decoder(21, 10);
    const std::string name = "only the largest weights kept, without their places; ";
    for (const auto kind : {Observed::weights, Observed::scores}) {
        for (const std::size_t count : {1u, 4u, 10u}) {
            if (count == 1 && kind == Observed::weights) continue;  // ones: nothing to tell
            Mistakes mistakes;
            mistakes.top_keys = count;
            mistakes.renormalises_top = mistakes.sorted_keys = true;
            const std::string told = std::to_string(count) + " in each row\n";
            INFO(count);
            CHECK(found_choice(world, mistakes, kind) == name + told);
            mistakes.scale = 1;
            CHECK(found_choice(world, mistakes, kind) == "no scale; " + name + told);
        }
    }
}
