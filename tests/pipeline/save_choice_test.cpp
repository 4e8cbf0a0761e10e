#include "pipeline/save_choice.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/error.hpp"

using namespace attn;
using pipeline::parse_save;
using pipeline::SaveChoice;

TEST_CASE("a list of names switches on those and no others") {
    const SaveChoice choice = parse_save("weights,stats");
    CHECK(choice.weights);
    CHECK(choice.stats);
    CHECK_FALSE(choice.scores);
    CHECK_FALSE(choice.heatmaps);
}

TEST_CASE("every name can be saved alone") {
    for (const std::string& name : pipeline::save_names()) CHECK_NOTHROW(parse_save(name));
    CHECK(parse_save("logits").model_output());
    CHECK_FALSE(parse_save("q,k,v").model_output());
}

TEST_CASE("an unknown name is refused with all that are known and the nearest") {
    CHECK_THROWS_WITH(parse_save("weigths"),
                      Catch::Contains("logsumexp") && Catch::Contains("did you mean weights?"));
    CHECK_THROWS_AS(parse_save("weights,,q"), Error);
    CHECK_THROWS_AS(parse_save(""), Error);
}
