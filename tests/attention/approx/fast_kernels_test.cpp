#include "attention/approx/fast_kernels.hpp"

#include <catch2/catch.hpp>

#include "support/fast_head.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("kernels that are run for real give the contexts that they imply") {
    for (const FastCase& one : fast_cases()) {
        const PlainHead head = plain_head(one);
        for (const char* spec :
             {"performer", "performer:features=3", "performer:features=40:orthogonal=0:seed=7",
              "linear", "linear:scaled=1", "cosformer"}) {
            CAPTURE(spec, one.queries, one.keys, one.causal, one.offset);
            CHECK(largest_fast_difference(spec, head) < 1e-11);
        }
    }
}

TEST_CASE("features that grow along the keys do not overflow, and rows without any are zero") {
    PlainHead head = plain_head({130, 130, true, 0});
    for (std::size_t key = 0; key < head.k.rows; ++key) {
        for (double& x : head.k.row(key)) x *= 1 + 0.2 * static_cast<double>(key);
    }
    const PlainHead steep(head.q, head.k, head.v, true);
    const approx::FastHead<double> fast = fast_head(steep);
    approx::Options options;
    for (const auto& [name, value] : {std::pair("features", 16.0), std::pair("orthogonal", 1.0),
                                      std::pair("seed", 0.0), std::pair("redraw", 0.0)})
        options.set(name, value);
    Matrix<double> contexts(steep.q.rows, steep.v.columns);
    approx::run_features<double>(fast, approx::performer_features(options, fast),
                                 {contexts.values.data(), contexts.rows, contexts.columns});
    // The first row sees its own key alone, however large later ones are.
    for (std::size_t c = 0; c < contexts.columns; ++c) {
        CHECK(contexts.at(0, c) == Approx(steep.v.at(0, c)));
        CHECK(std::isfinite(contexts.at(129, c)));
    }
    // Keys that relu leaves nothing of.
    PlainHead negative = plain_head({3, 3, false, 0});
    for (double& x : negative.k.values) x = -std::abs(x);
    CHECK(largest_fast_difference("cosformer", PlainHead(negative.q, negative.k, negative.v)) == 0);
}
