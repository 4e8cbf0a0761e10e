#include "results/left_out_numbers.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "render/color_map.hpp"
#include "render/font.hpp"

using namespace attn;
using results::LeftOutNumbers;

namespace {

// Looks at 2 x 2 cells of so many pixels that all hold one value.
void look_at(LeftOutNumbers& left_out, std::size_t pixels, float value, bool numbers = true) {
    const render::Font font = render::Font::embedded();
    render::HeatmapStyle style;
    style.colors = &render::color_map("viridis");
    style.font = &font;
    style.layout = {pixels, 1};
    style.numbers = numbers;
    const std::vector<float> cells(4, value);
    left_out.look_at({cells.data(), 2, 2}, style);
}

}  // namespace

TEST_CASE("where all numbers fit, or none were asked for, nothing was left out") {
    LeftOutNumbers left_out;
    CHECK(left_out.warning().empty());
    look_at(left_out, 60, 0.5F);
    look_at(left_out, 4, 0.5F, false);
    CHECK(left_out.warning().empty());
}

TEST_CASE("of several pictures the cell is named that has room in all of them, in any order") {
    LeftOutNumbers one, other;
    look_at(one, 9, 0.5F);
    const std::string of_short = one.warning();
    CHECK_THAT(of_short, Catch::StartsWith("--annotate: drawn without numbers") &&
                             Catch::Contains("the 2 x 2 cells of 9 pixels; choose --cell "));
    CHECK_THAT(one.warning("sheets "), Catch::StartsWith("--annotate: sheets drawn without"));
    look_at(one, 9, 12345);
    look_at(other, 9, 12345);
    look_at(other, 9, 0.5F);
    CHECK(one.warning() != of_short);
    CHECK(one.warning() == other.warning());
}
