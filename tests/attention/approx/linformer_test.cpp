#include "attention/approx/linformer.hpp"

#include <catch2/catch.hpp>

#include "attention/approx/decompositions.hpp"
#include "attention/approx/truncated_svd.hpp"
#include "core/error.hpp"
#include "support/plain_head.hpp"

using namespace attn;
using namespace attn::approx;
using namespace attn::test;

namespace {

const PlainHead& some_head() {
    static const PlainHead head(random_matrix(7, 3, 1), random_matrix(10, 3, 2),
                                random_matrix(10, 2, 3));
    return head;
}

Options options_of(const char* projection, double k) {
    Options options;
    options.set("k", k);
    options.set("projection", std::string(projection));
    options.set("share", 0.0);
    options.set("seed", 5.0);
    return options;
}

}  // namespace

TEST_CASE("pools of one key each are exact attention") {
    const Factors factors = linformer(options_of("pool", 10), some_head().input());
    CHECK(relative_error(some_head().weights_of(factors), some_head().rows.weights()) < 1e-14);
}

TEST_CASE("pools count for as many keys as they hold") {
    // Equal keys: whatever the pools, all weights are the same.
    Matrix<double> keys(5, 3);
    const PlainHead head(random_matrix(2, 3, 1), keys, random_matrix(5, 2, 3));
    const Matrix<double> weights = head.weights_of(linformer(options_of("pool", 3), head.input()));
    for (const double w : weights.values) CHECK(w == Approx(0.2));
}

TEST_CASE("no projection to k keys beats rank k") {
    const auto values = singular_values(some_head().rows.weights().view());
    for (const char* projection : {"gaussian", "pool", "jl"}) {
        for (const double k : {1.0, 3.0, 6.0}) {
            CAPTURE(projection, k);
            const Factors factors = linformer(options_of(projection, k), some_head().input());
            CHECK(relative_error(some_head().weights_of(factors), some_head().rows.weights()) >=
                  rank_floor(values, static_cast<std::size_t>(k)) - 1e-12);
        }
    }
}

TEST_CASE("shared projections are the same for keys and values") {
    const LinformerProjections shared = gaussian_projections(3, true, 5, some_head().input());
    const LinformerProjections apart = gaussian_projections(3, false, 5, some_head().input());
    CHECK(shared.keys.values == shared.values.values);
    CHECK(apart.keys.values == shared.keys.values);
    CHECK(apart.values.values != apart.keys.values);
}

TEST_CASE("as many landmarks as tokens with the exact inverse are exact attention") {
    const PlainHead head(random_matrix(5, 6, 1), random_matrix(5, 6, 2), random_matrix(5, 2, 3));
    Options options;
    options.set("landmarks", 5.0);
    options.set("iterations", std::string("exact"));
    const Factors exact = nystrom(options, head.input());
    CHECK(relative_error(head.weights_of(exact), head.rows.weights()) < 1e-10);
    CHECK(*exact.residual < 1e-12);
    options.set("iterations", std::string("30"));
    CHECK(*nystrom(options, head.input()).residual < 1e-8);
    options.set("iterations", std::string("0"));
    CHECK_THROWS_AS(nystrom(options, head.input()), Error);
}
