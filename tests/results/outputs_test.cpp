#include "results/outputs.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/error.hpp"

using namespace attn;
using results::parse_save;
using results::SaveChoice;

TEST_CASE("a list of names switches on those and no others") {
    const SaveChoice choice = parse_save("weights,stats");
    CHECK(choice.weights);
    CHECK(choice.stats);
    CHECK_FALSE(choice.scores);
    CHECK_FALSE(choice.heatmaps);
}

TEST_CASE("every name can be saved alone") {
    for (const std::string& name : results::save_names()) CHECK_NOTHROW(parse_save(name));
}

TEST_CASE("an unknown name is refused with all that are known and the nearest") {
    CHECK_THROWS_WITH(parse_save("weigths"),
                      Catch::Contains("logsumexp") && Catch::Contains("did you mean weights?"));
    CHECK_THROWS_AS(parse_save("weights,,q"), Error);
    CHECK_THROWS_AS(parse_save(""), Error);
}

TEST_CASE("what is written without a wish is what a run's folder begins with") {
    CHECK(results::usual_save_names() ==
          std::vector<std::string>{"scores", "weights", "output", "heatmaps"});
    CHECK(results::model_save_names() == std::vector<std::string>{"hidden", "logits", "probs"});
}

TEST_CASE("the arrays of a layer are those that were chosen, with their shapes") {
    const results::ArraySizes size{4, 2, 5, 7, 8, 6, 32};
    std::vector<std::string> seen;
    for (const results::LayerArray& array : results::layer_arrays(parse_save("weights,present,q")))
        seen.push_back(array.name + to_string(array.shape(size)));
    CHECK(seen == std::vector<std::string>{"weights[4, 5, 7]", "present_key[2, 7, 8]",
                                           "present_value[2, 7, 6]", "q[4, 5, 8]"});
}
