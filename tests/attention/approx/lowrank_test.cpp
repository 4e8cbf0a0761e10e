#include "attention/approx/lowrank.hpp"

#include <catch2/catch.hpp>

#include "attention/approx/decompositions.hpp"
#include "attention/approx/truncated_svd.hpp"
#include "support/plain_head.hpp"

using namespace attn;
using namespace attn::approx;
using namespace attn::test;

TEST_CASE("shorter queries and keys make the best scores of their rank") {
    const PlainHead head(random_matrix(9, 5, 1), random_matrix(12, 5, 2), random_matrix(12, 3, 3));
    const Matrix<double> scores = product_transposed(head.q.view(), head.k.view());
    const auto values = singular_values(scores.view());
    for (const std::size_t rank : {1, 2, 5, 9}) {
        const ChangedInputs changed = shortened(head.input(), rank);
        CHECK(changed.q.columns == std::min<std::size_t>(rank, 5));
        CHECK(relative_error(product_transposed(changed.q.view(), changed.k.view()), scores) ==
              Approx(rank_floor(values, rank)).margin(1e-13));
        Options options;
        options.set("rank", static_cast<double>(rank));
        const Matrix<double> v = lowrank_values(options, head.input()).v;
        CHECK(relative_error(v, head.v) ==
              Approx(rank_floor(singular_values(head.v.view()), rank)).margin(1e-13));
    }
}

TEST_CASE("fewer queries than columns are shortened, too") {
    const PlainHead head(random_matrix(1, 5, 1), random_matrix(4, 5, 2), random_matrix(4, 3, 3));
    const ChangedInputs changed = shortened(head.input(), 5);
    CHECK(changed.q.columns == 1);
    CHECK(relative_error(head.weights_of(changed.q, changed.k), head.rows.weights()) < 1e-13);
}
