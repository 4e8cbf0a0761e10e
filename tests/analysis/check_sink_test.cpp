#include "analysis/check_sink.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "support/given_weights.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

std::vector<HeadCheck> checked(const std::vector<Rows>& heads, bool causal = false,
                               CheckOptions options = {}) {
    MaskOptions<double> mask;
    mask.structure.causal = causal;
    CheckSink<double> sink(mask, std::move(options));
    stream(sink, heads, causal);
    return sink.heads();
}

}  // namespace

TEST_CASE("the row whose sum is farthest from 1 is told with its sum") {
    const HeadCheck head = checked({{{0.5, 0.5}, {0.5, 0.25}, {0.9, 0.2}}})[0];
    CHECK(head.row_sum.value == Approx(0.25));
    CHECK(head.row_sum.query == 1);
    CHECK(head.row_sum_found == Approx(0.75));
    CHECK(head.sums.low == Approx(0.75));
    CHECK(head.sums.high == Approx(1.1));
}

TEST_CASE("weight behind a causal query leaks, and the largest leak is told with its place") {
    const HeadCheck head =
        checked({{{0.9, 0.1, 0}, {0.4, 0.4, 0.2}, {0.2, 0.3, 0.5}}}, /*causal=*/true)[0];
    const Worst& leak = head.leaks[static_cast<std::size_t>(Ban::causal)];
    CHECK(leak.value == Approx(0.2));
    CHECK(leak.query == 1);
    CHECK(leak.key == 2);
    CHECK(head.forbidden_weight == Approx(0.3));
    CHECK_FALSE(head.is_inverted());
}

TEST_CASE("zeros with a sign are zeros") {
    const Rows rows{{0.7, 0, 0}, {0.1, 0.6, 0}, {0.1, 0.3, 0.5}};
    Rows with_signs = rows;
    for (auto& row : with_signs) {
        for (double& cell : row) cell = cell == 0 ? -0.0 : cell;
    }
    const HeadCheck plain = checked({rows}, /*causal=*/true)[0];
    const HeadCheck signs = checked({with_signs}, /*causal=*/true)[0];
    CHECK(signs.row_sum.value == plain.row_sum.value);
    CHECK(signs.sums.low == plain.sums.low);
    CHECK(signs.sums.high == plain.sums.high);
    CHECK(signs.least_entropy == plain.least_entropy);
    CHECK(signs.below_zero.value == 0);
    CHECK(signs.forbidden_weight == 0);
}

TEST_CASE("where all weight lies on forbidden keys the mask is inverted") {
    CHECK(checked({{{0, 0.5, 0.5}, {0, 0, 1}, {0, 0, 0}}}, /*causal=*/true)[0].is_inverted());
}

TEST_CASE("NaN, infinity, negative weights and weights above 1 are told apart") {
    const double inf = INFINITY;
    const HeadCheck head = checked({{{std::nan(""), 1}, {-inf, 1}, {-0.25, 1.25}, {0.5, 0.5}}})[0];
    CHECK(head.not_finite.query == 0);
    CHECK(head.minus_infinite.query == 1);
    CHECK(head.below_zero.value == Approx(0.25));
    CHECK(head.above_one.value == Approx(0.25));
    CHECK(head.broken_cells == 2);
    CHECK(head.rows == 2);  // that have a sum
}

TEST_CASE("a head that looks at one key in every row has collapsed, one of uniform rows is even") {
    const auto heads =
        checked({{{1, 0, 0}, {1, 0, 0}, {1, 0, 0}},
                 {{1. / 3, 1. / 3, 1. / 3}, {1. / 3, 1. / 3, 1. / 3}, {1. / 3, 1. / 3, 1. / 3}}});
    CHECK(heads[0].one_key);
    CHECK(heads[0].least_largest == 1);
    CHECK(heads[0].saturated_rows == 3);
    CHECK(heads[1].least_entropy == Approx(1));
    CHECK(heads[1].values.all_same());
}

TEST_CASE("heads that are the same are told only where the weights pass by") {
    const Rows a{{1, 0}, {0.5, 0.5}}, b{{1, 0}, {0.25, 0.75}};
    const auto passing = checked({a, b, a}, true, {{}, true});
    CHECK_FALSE(passing[1].twin);
    CHECK(passing[2].twin == 0u);
    CHECK_FALSE(checked({a, b, a}, true)[2].twin);
}

TEST_CASE("a sample of rows tells long heads apart that begin alike") {
    Rows first, second;
    for (std::size_t query = 0; query < 9; ++query) {
        first.push_back({0.5, 0.5});
        second.push_back({query < 8 ? 0.5 : 0.25, query < 8 ? 0.5 : 0.75});
    }
    CHECK_FALSE(checked({first, second}, false, {{}, true})[1].twin);
    CHECK(checked({first, first}, false, {{}, true})[1].twin == 0u);
}

TEST_CASE("tiles that hold the keys of a window alone tell what tiles of all keys tell") {
    // A window of two keys; query 4 is not what a row should be, and query 3 looks ahead.
    const Rows rows{{1, 0, 0, 0, 0, 0},         {0.5, 0.5, 0, 0, 0, 0},  {0, 0.25, 0.75, 0, 0, 0},
                    {0, 0, 0.5, 0.25, 0.25, 0}, {0, 0, 0, -0.5, 1.5, 0}, {0, 0, 0, 0, 0, 1}};
    MaskOptions<double> mask;
    mask.structure.causal = true;
    mask.structure.window_left = 1;
    CheckSink<double> narrow(mask, {{}, true}), wide(mask, {{}, true});
    stream(wide, {rows, rows});

    LayerShape shape;
    shape.heads = 2;
    shape.queries = shape.keys = 6;
    shape.block_rows = 2;
    narrow.begin_layer(shape);
    for (std::size_t head = 0; head < 2; ++head) {
        for (std::size_t first = 0; first < 6; first += 2) {
            Tile<double> tile;
            tile.head = head;
            tile.first_query = first;
            tile.active = {first == 0 ? 0 : first - 1, std::min<std::size_t>(first + 3, 6)};
            const GivenMatrix matrix(
                {{rows[first].begin() + tile.active.begin, rows[first].begin() + tile.active.end},
                 {rows[first + 1].begin() + tile.active.begin,
                  rows[first + 1].begin() + tile.active.end}});
            tile.weights = matrix.view();
            narrow.consume(tile);
        }
        narrow.end_head(0, head);
    }
    narrow.end_layer({});

    for (std::size_t head = 0; head < 2; ++head) {
        const HeadCheck &one = narrow.heads()[head], &all = wide.heads()[head];
        CHECK(one.below_zero.query == 4);
        CHECK(one.below_zero.value == all.below_zero.value);
        CHECK(one.above_one.key == all.above_one.key);
        CHECK(one.leaks[static_cast<std::size_t>(Ban::causal)].value == 0.25);
        CHECK(one.leaks[static_cast<std::size_t>(Ban::causal)].key == 4);
        CHECK(one.allowed_weight == all.allowed_weight);
        CHECK(one.forbidden_weight == all.forbidden_weight);
        CHECK(one.least_entropy == all.least_entropy);
        CHECK(one.largest.key == all.largest.key);
        CHECK(one.zeros.left == all.zeros.left);
        CHECK(one.zeros.unattended == all.zeros.unattended);
        CHECK(one.twin == all.twin);
    }
}
