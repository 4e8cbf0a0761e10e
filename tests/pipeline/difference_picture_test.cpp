#include "pipeline/difference_picture.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "support/picture.hpp"

using namespace attn;
using pipeline::draw_difference;

TEST_CASE("three matrices stand side by side, and a large one is pooled") {
    const std::vector<float> a(100, 0.1f), b(100, 0.2f);
    const auto small = test::decode_png(
        draw_difference<float>({a.data(), 10, 10}, {b.data(), 10, 10}, {"head", "a", "b", {}, {}}));
    CHECK(small.width() > 2 * small.height());
    const std::vector<double> large(2000 * 2000, 0.1);
    const MatrixView<const double> view{large.data(), 2000, 2000};
    const auto picture =
        test::decode_png(draw_difference<double>(view, view, {"head", "a", "b", {}, {}}));
    CHECK(picture.width() < 3 * 1000);
}

TEST_CASE("a and b show the same colours where they are the same") {
    const std::vector<float> a{1, 0, 0.5f, 0.5f};
    const MatrixView<const float> view{a.data(), 2, 2};
    const auto picture =
        test::decode_png(draw_difference<float>(view, view, {"head", "x", "x", {}, {}}));
    std::size_t yellow = 0;  // the end of viridis, in the matrices and the bars of both sides
    for (std::size_t x = 0; x < picture.width(); ++x) {
        for (std::size_t y = 0; y < picture.height(); ++y)
            yellow += picture.at(x, y) == render::Color{253, 231, 36} ? 1 : 0;
    }
    CHECK(yellow > 0);
    CHECK(yellow % 2 == 0);
}
