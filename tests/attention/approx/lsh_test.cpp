#include "attention/approx/lsh.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "support/plain_head.hpp"

using namespace attn;
using namespace attn::approx;
using namespace attn::test;

namespace {

Options lsh_options(double buckets, double rounds, double self = 0) {
    Options options;
    options.set("buckets", buckets);
    options.set("rounds", rounds);
    options.set("center", 1.0);
    options.set("self", self);
    options.set("seed", 3.0);
    return options;
}

std::vector<std::uint8_t> kept_by_hash(const KeptKeys& method, const PlainHead& head,
                                       std::size_t query) {
    std::vector<std::uint8_t> keep(head.k.rows, 7);
    head.rows.visit(query, query + 1, [&](const ExactRows::Row& row) {
        method.keep(row, {0, head.k.rows}, keep.data());
    });
    return keep;
}

}  // namespace

TEST_CASE("a query keeps the keys whose code is its own in some round") {
    const PlainHead head(random_matrix(6, 4, 1), random_matrix(9, 4, 2), random_matrix(9, 2, 3));
    const Options options = lsh_options(4, 2);
    const LshCodes codes = lsh_codes(options, head.input());
    const auto method = lsh(options, head.input());
    for (std::size_t i = 0; i < 6; ++i) {
        const auto keep = kept_by_hash(*method, head, i);
        for (std::size_t j = 0; j < 9; ++j) {
            CHECK(codes.keys[0][j] < 4);
            CHECK(bool(keep[j]) == (codes.queries[0][i] == codes.keys[0][j] ||
                                    codes.queries[1][i] == codes.keys[1][j]));
        }
    }
    const auto with_self = lsh(lsh_options(1 << 12, 1, 1), head.input());
    CHECK(kept_by_hash(*with_self, head, 5)[5] == 1);
}

TEST_CASE("a shift of all keys changes no code") {
    const PlainHead head(random_matrix(6, 4, 1), random_matrix(9, 4, 2), random_matrix(9, 2, 3));
    Matrix<double> shifted = head.k;
    for (std::size_t j = 0; j < 9; ++j) shifted.at(j, 2) += 64;
    const PlainHead other(head.q, shifted, head.v);
    CHECK(lsh_codes(lsh_options(8, 3), head.input()).keys ==
          lsh_codes(lsh_options(8, 3), other.input()).keys);
}

TEST_CASE("an odd number of buckets is refused") {
    const PlainHead head(random_matrix(2, 4, 1), random_matrix(2, 4, 2), random_matrix(2, 2, 3));
    CHECK_THROWS_AS(lsh(lsh_options(5, 1), head.input()), Error);
}
