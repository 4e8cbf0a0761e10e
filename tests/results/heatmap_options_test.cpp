#include "results/heatmap_options.hpp"

#include <catch2/catch.hpp>

using attn::render::ColorLimit;
using attn::render::ScaleKind;
using attn::results::HeatmapOptions;
using attn::results::require_colour_range;

namespace {

ColorLimit number(double value) {
    ColorLimit limit;
    limit.value = value;
    limit.is_percentile = false;
    return limit;
}

ColorLimit percentile(double value) {
    ColorLimit limit = number(value);
    limit.is_percentile = true;
    return limit;
}

HeatmapOptions range(std::optional<ColorLimit> low, std::optional<ColorLimit> high,
                     ScaleKind scale = ScaleKind::linear) {
    HeatmapOptions options;
    options.vmin = low;
    options.vmax = high;
    options.scale = scale;
    return options;
}

}  // namespace

TEST_CASE("the low end of the colours is below the high end") {
    CHECK_NOTHROW(require_colour_range(range(number(-1), number(2))));
    CHECK_NOTHROW(require_colour_range(range(percentile(1), percentile(99))));
    CHECK_THROWS_WITH(require_colour_range(range(number(2), number(1))),
                      Catch::Contains("--vmin 2 --vmax 1: the low end"));
    CHECK_THROWS_WITH(require_colour_range(range(number(1), number(1))),
                      Catch::Contains("must be below the high end"));
    CHECK_THROWS_WITH(require_colour_range(range(percentile(99), percentile(1))),
                      Catch::Contains("--vmin p99 --vmax p1"));
}

TEST_CASE("a number and a percentile cannot be put in order before the cells are known") {
    CHECK_NOTHROW(require_colour_range(range(number(5), percentile(1))));
    CHECK_NOTHROW(require_colour_range(range(percentile(99), number(0))));
}

TEST_CASE("one end alone is always a range on a linear scale") {
    CHECK_NOTHROW(require_colour_range(range(std::nullopt, number(-5))));
    CHECK_NOTHROW(require_colour_range(range(number(-5), std::nullopt)));
    CHECK_NOTHROW(require_colour_range(range(std::nullopt, std::nullopt)));
}

TEST_CASE("a log scale takes numbers above zero, and any percentile") {
    CHECK_NOTHROW(require_colour_range(range(number(1e-6), number(1), ScaleKind::log)));
    CHECK_NOTHROW(require_colour_range(range(percentile(0), std::nullopt, ScaleKind::log)));
    CHECK_THROWS_WITH(require_colour_range(range(number(0), std::nullopt, ScaleKind::log)),
                      "--vmin 0: a log scale of the colours takes numbers above 0");
    CHECK_THROWS_WITH(require_colour_range(range(std::nullopt, number(-1), ScaleKind::log)),
                      "--vmax -1: a log scale of the colours takes numbers above 0");
}
