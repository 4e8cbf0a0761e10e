#include "results/gradient_outputs.hpp"

#include <catch2/catch.hpp>

using namespace attn::results;

TEST_CASE("the list of grad --save names gradients, and all of them at once") {
    const GradientChoice choice = parse_gradient_save("x,scores");
    CHECK(choice.x);
    CHECK(choice.scores);
    CHECK(!choice.q);
    CHECK(!choice.all);
    CHECK(choice.cells());
    const GradientChoice all = parse_gradient_save("all");
    for (const GradientOutput& output : gradient_outputs()) CHECK(all.*output.chosen);
    CHECK(all.all);
    CHECK(usual_gradients(false).x);
    CHECK(usual_gradients(true).k);
}

TEST_CASE("the list of grad --save refuses what it does not know, with the nearest name") {
    CHECK_THROWS_WITH(parse_gradient_save("x,scroes"), Catch::Contains("did you mean scores?"));
    CHECK_THROWS_WITH(parse_gradient_save("x,,q"), Catch::Contains("empty item"));
}
