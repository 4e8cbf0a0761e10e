#include "attention/approx/fast_factors.hpp"

#include <catch2/catch.hpp>

#include "support/fast_head.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("factorisations that are run for real give the contexts that they imply") {
    for (const FastCase& one : fast_cases()) {
        const PlainHead head = plain_head(one);
        for (const char* spec : {"lowrank-scores:rank=2", "lowrank-scores:rank=5",
                                 "lowrank-values:rank=2", "lowrank-values:rank=6"}) {
            CAPTURE(spec, one.queries, one.keys, one.causal, one.offset);
            CHECK(largest_fast_difference(spec, head) < 1e-9);
        }
        if (one.causal) continue;
        for (const char* spec :
             {"linformer:k=4", "linformer:k=4:share=1:seed=3", "linformer:k=4:projection=pool",
              "nystrom:landmarks=6", "nystrom:landmarks=4:iterations=exact"}) {
            CAPTURE(spec, one.queries, one.keys);
            CHECK(largest_fast_difference(spec, head) < 1e-7);
        }
    }
}

TEST_CASE("exact attention of one head is softmax times values, under a window too") {
    for (const FastCase& one : fast_cases()) {
        const PlainHead head = plain_head(one);
        Matrix<double> contexts(head.q.rows, head.v.columns);
        approx::run_exact<double>(fast_head(head), 0,
                                  {contexts.values.data(), contexts.rows, contexts.columns});
        const Matrix<double> expected = multiplied(head.rows.weights(), head.v);
        for (std::size_t i = 0; i < expected.values.size(); ++i)
            CHECK(contexts.values[i] == Approx(expected.values[i]).margin(1e-12));
    }
}
