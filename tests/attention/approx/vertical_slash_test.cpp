#include "attention/approx/vertical_slash.hpp"

#include <catch2/catch.hpp>

#include "support/kept_keys.hpp"

using namespace attn;
using namespace attn::approx;
using namespace attn::test;

TEST_CASE("columns and diagonals of the last rows are kept for all rows") {
    PlainHead head(random_matrix(8, 2, 1), random_matrix(8, 2, 2), random_matrix(8, 2, 3), true);
    Matrix<double> weights(8, 8);
    for (std::size_t i = 0; i < 8; ++i) {
        weights.at(i, i >= 3 ? i - 3 : 0) = 0.6;  // three keys back
        weights.at(i, 1) += 0.4;
    }
    head.rows = KeptRows(weights, true, 0);
    Options options;
    options.set("verticals", 1.0);
    options.set("slashes", 1.0);
    options.set("observe", 2.0);
    options.set("sinks", 0.0);
    options.set("local", 0.0);
    const auto method = vertical_slash(options, head.input());
    CHECK(kept_by(*method, head, 7) == std::set<std::size_t>{1, 4});
    CHECK(kept_by(*method, head, 5) == std::set<std::size_t>{1, 2});
    CHECK(method->scored() == 7 + 8);
    options.set("sinks", 1.0);  // go first
    options.set("local", 1.0);
    CHECK(kept_by(*vertical_slash(options, head.input()), head, 7) == std::set<std::size_t>{0, 7});
    options.set("verticals", 8.0);
    CHECK(kept_by(*vertical_slash(options, head.input()), head, 7).size() == 8);
}
