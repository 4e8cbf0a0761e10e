#include "analysis/difference_cells.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace attn;
using analysis::difference_cells;

TEST_CASE("cells hold both matrices and a - b") {
    const float a[] = {1, 0, 0.5f, 0.5f}, b[] = {1, 0, 0.25f, 0.75f};
    const auto cells = difference_cells<float>({a, 2, 2}, {b, 2, 2}, 1);
    CHECK(cells.a == std::vector<float>{1, 0, 0.5f, 0.5f});
    CHECK(cells.b == std::vector<float>{1, 0, 0.25f, 0.75f});
    CHECK(cells.difference == std::vector<float>{0, 0, 0.25f, -0.25f});
}

TEST_CASE("a lone difference survives pooling, with its sign") {
    std::vector<double> a(25, 0.1), b(25, 0.1);
    b[3 * 5 + 1] = 0.4;  // in the cell of rows 2-3 and columns 0-1
    const auto cells = difference_cells<double>({a.data(), 5, 5}, {b.data(), 5, 5}, 2);
    CHECK(cells.rows == 3);
    CHECK(cells.columns == 3);
    CHECK(cells.difference[1 * 3 + 0] == Approx(-0.3));
    CHECK(cells.b[1 * 3 + 0] == Approx(0.4));
    CHECK(cells.difference[0] == 0);
}

TEST_CASE("what is not a number is seen") {
    const float a[] = {1, NAN, 0, 0}, b[] = {1, 0, 5, 0};
    const auto cells = difference_cells<float>({a, 2, 2}, {b, 2, 2}, 2);
    CHECK(std::isnan(cells.difference[0]));
    CHECK(std::isnan(cells.a[0]));
    CHECK(cells.b[0] == 5);
}

TEST_CASE("a difference that is infinite stays, whatever its sign and its place") {
    const float masked[] = {-INFINITY, 1, 1, -INFINITY}, seen[] = {0, 1, 1, 0};
    for (const float* row : {masked, masked + 2}) {
        const float* other = row == masked ? seen : seen + 2;
        CHECK(difference_cells<float>({row, 1, 2}, {other, 1, 2}, 2).difference[0] == -INFINITY);
        CHECK(difference_cells<float>({other, 1, 2}, {row, 1, 2}, 2).difference[0] == INFINITY);
    }
}

TEST_CASE("what no side may attend is masked, unless it holds something after all") {
    const float a[] = {1, 0, 0, 0.5f, 0.5f, 0, 0, 0.5f, 0.5f}, b[] = {1, 0, 0.1f, 0, 1, 0, 0, 1, 0};
    const KeyRange causal[] = {{0, 1}, {0, 2}, {0, 3}};
    const auto cells = difference_cells<float>({a, 3, 3}, {b, 3, 3}, 1, {causal, 3});
    CHECK(cells.a == std::vector<float>{1, -INFINITY, 0, 0.5f, 0.5f, -INFINITY, 0, 0.5f, 0.5f});
    CHECK(cells.b == std::vector<float>{1, -INFINITY, 0.1f, 0, 1, -INFINITY, 0, 1, 0});
    CHECK(cells.difference ==
          std::vector<float>{0, -INFINITY, -0.1f, 0.5f, -0.5f, -INFINITY, 0, -0.5f, 0.5f});
    const auto pooled = difference_cells<float>({a, 3, 3}, {b, 3, 3}, 2, {causal, 3});
    CHECK(pooled.difference == std::vector<float>{0.5f, -0.1f, -0.5f, 0.5f});
}
