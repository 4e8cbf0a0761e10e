#include "pipeline/rollout_words.hpp"

#include <catch2/catch.hpp>

using namespace attn;
using namespace attn::pipeline;

TEST_CASE("a title says what was rolled out over how many heads") {
    RolloutRequest request;
    CHECK(rollout_title(request, 12) == "attention rollout: mean of 12 heads, residual 0.5");
    CHECK(rollout_title(request, 1) == "attention rollout: one head, residual 0.5");
    request.fuse = analysis::Fuse::max;
    request.residual = 0.25;
    request.start_layer = 2;
    CHECK(rollout_title(request, 3) ==
          "attention rollout: max of 3 heads, residual 0.25, from layer 2");
}

TEST_CASE("arrays and legends are named by what the method gives") {
    CHECK(array_name_of(RolloutMethod::attention) == "rollout");
    CHECK(array_name_of(RolloutMethod::flow) == "flow");
    CHECK(array_name_of(RolloutMethod::relevance) == "relevance");
    CHECK(value_name_of(RolloutMethod::attention) == "share of the input");
}

TEST_CASE("a row that is no weights is named, its sequence only in a batch") {
    const analysis::FarRow row{2, 1, 3, 4, 2.5};
    CHECK(doubt_of_row("a.npy", row, false) ==
          "a.npy: the weights of layer 2, head 3, query 4 add up to 2.5, not to 1; attn-inspect "
          "check says more");
    CHECK_THAT(doubt_of_row("a.npy", row, true), Catch::Contains("layer 2, sequence 1, head 3"));
}
