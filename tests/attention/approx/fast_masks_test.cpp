#include "attention/approx/fast_masks.hpp"

#include <catch2/catch.hpp>

#include "support/fast_head.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("masks that are run for real give the contexts that they imply") {
    for (const FastCase& one : fast_cases()) {
        const PlainHead head = plain_head(one);
        for (const char* spec :
             {"local:window=7", "local:window=7:sinks=3", "local:window=400:sinks=2",
              "local:window=5:dilation=3", "local:window=5:dilation=3:sinks=4",
              "local:window=1:dilation=200:sinks=1", "block:size=16", "block:size=16:back=2",
              "block:size=1", "strided:stride=9", "strided:stride=1", "strided:stride=300",
              "fixed:stride=8:columns=2", "fixed:stride=8:columns=0", "fixed:stride=8:columns=8",
              "global:window=6", "global:window=6:tokens=0+17+17+149", "topk:k=5", "topk:k=400"}) {
            CAPTURE(spec, one.queries, one.keys, one.causal, one.offset);
            CHECK(largest_fast_difference(spec, head) < 1e-12);
        }
    }
}

TEST_CASE("of equal weights the lower keys are the largest, also when they are run for real") {
    const PlainHead head(Matrix<double>(3, 2), Matrix<double>(4, 2), random_matrix(4, 2, 5));
    CHECK(largest_fast_difference("topk:k=2", head) < 1e-15);
}
