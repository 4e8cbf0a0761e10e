#include "attention/approx/truncated_svd.hpp"

#include <catch2/catch.hpp>

#include "support/plain_head.hpp"

using namespace attn;
using namespace attn::approx;
using namespace attn::test;

TEST_CASE("the error of a rank is that of the singular values left out") {
    const PlainHead head(random_matrix(8, 3, 1), random_matrix(9, 3, 2), random_matrix(9, 2, 3),
                         true, 1);
    for (const std::size_t rank : {1, 3, 8, 50}) {
        Options options;
        options.set("rank", static_cast<double>(rank));
        const Factors factors = truncated_svd(options, head.input());
        CHECK(relative_error(head.weights_of(factors), head.rows.weights()) ==
              Approx(rank_floor(factors.singular_values, rank)).margin(1e-13));
    }
    CHECK(rank_floor({3, 4, 0}, 2) == 0);
    CHECK(rank_floor({4, 3}, 1) == Approx(0.6));
    CHECK(rank_floor({0, 0}, 1) == 0);
}
