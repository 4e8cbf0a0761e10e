#include "render/plot.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>

#include "render/palette.hpp"
#include "render/picture_format.hpp"
#include "support/picture.hpp"
#include "support/shapes.hpp"

using namespace attn::render;
using namespace attn::test;

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr Color kBlue{0, 114, 178};

Plot example() {
    Plot plot;
    plot.title = "entropy_normalised";
    plot.x_name = "step";
    plot.y_name = "entropy_normalised";
    plot.x = {0, 100, 200};
    plot.y_ends = {{0, 1}};
    PlotPanel panel;
    panel.title = "layer 0";
    panel.lines = {{"head 0", {0, 0.5, 1}, kBlue, 2}};
    plot.panels = {panel};
    return plot;
}

Image drawn(const Plot& plot) {
    const Font& font = Font::embedded();
    return decode_png(encode(make_plot(plot, font), font, {}, {}));
}

std::size_t pixels_of(const Image& image, Color color) {
    std::size_t count = 0;
    for (std::size_t y = 0; y < image.height(); ++y)
        for (std::size_t x = 0; x < image.width(); ++x) count += image.at(x, y) == color ? 1U : 0U;
    return count;
}

// The rows in which a column of the picture has the colour, none without any.
std::vector<std::size_t> rows_of(const Image& image, std::size_t x, Color color) {
    std::vector<std::size_t> rows;
    for (std::size_t y = 0; y < image.height(); ++y)
        if (image.at(x, y) == color) rows.push_back(y);
    return rows;
}

double middle_of(const TextLine& line) {
    return line.direction == TextDirection::across ? line.y + static_cast<double>(line.size) / 2
                                                   : line.x;
}

}  // namespace

TEST_CASE("a line of a plot goes through its values, as the ticks say") {
    const Plot plot = example();
    const Figure figure = make_plot(plot, Font::embedded());
    const auto middle = lines_of(figure, "100");
    const auto half = lines_of(figure, "0.4");
    REQUIRE(middle.size() == 1);
    REQUIRE(half.size() == 1);
    const Image image = drawn(plot);
    const std::vector<std::size_t> rows =
        rows_of(image, static_cast<std::size_t>(middle[0].x), kBlue);
    REQUIRE_FALSE(rows.empty());
    // At step 100 the line is at 0.5, between the ticks of 0.4 and 0.6.
    const double low = middle_of(half[0]), high = middle_of(lines_of(figure, "0.6")[0]);
    CHECK(std::abs(static_cast<double>(rows.front() + rows.back()) / 2 - (low + high) / 2) < 2);
}

TEST_CASE("ticks of a plot stand at the steps themselves") {
    Plot plot = example();
    plot.x = {512, 1000, 143000};
    plot.x_kind = ScaleKind::log;
    const Figure figure = make_plot(plot, Font::embedded());
    REQUIRE(lines_of(figure, "512").size() == 1);
    REQUIRE(lines_of(figure, "1000").size() == 1);
    REQUIRE(lines_of(figure, "143000").size() == 1);
    const double first = lines_of(figure, "512")[0].x, second = lines_of(figure, "1000")[0].x,
                 third = lines_of(figure, "143000")[0].x;
    // Distances on a log axis are those of logarithms.
    CHECK((second - first) / (third - first) ==
          Approx(std::log(1000.0 / 512) / std::log(143000.0 / 512)).margin(0.01));
}

TEST_CASE("a log axis of values has powers of ten") {
    Plot plot = example();
    plot.y_ends.reset();
    plot.y_kind = ScaleKind::log;
    plot.x = {0, 70, 140};  // no step is called as a power of ten
    plot.panels[0].lines[0].values = {2, 200, 20000};
    plot.panels[0].lines[0].width = 4;
    const Figure figure = make_plot(plot, Font::embedded());
    REQUIRE(lines_of(figure, "10").size() == 1);
    REQUIRE(lines_of(figure, "1000").size() == 1);
    const Image image = drawn(plot);
    // Equal ratios are equal distances: the line is straight.
    const auto column = [&](const char* step) {
        return static_cast<std::size_t>(lines_of(figure, step)[0].x);
    };
    const auto height = [&](std::size_t x) {
        const auto rows = rows_of(image, x, kBlue);
        REQUIRE_FALSE(rows.empty());
        return static_cast<double>(rows.front() + rows.back()) / 2;
    };
    constexpr std::size_t kInside = 40;
    CHECK(std::abs(height(column("70")) * 2 - height(column("0") + kInside) -
                   height(column("140") - kInside)) < 4);
}

TEST_CASE("NaN and infinities leave a gap in a line") {
    Plot plot = example();
    const std::size_t whole = pixels_of(drawn(plot), kBlue);
    plot.panels[0].lines[0].values = {0, kNone, 1};
    const std::size_t dots = pixels_of(drawn(plot), kBlue);
    CHECK(dots > 0);  // of the two values that stand alone, and of the legend
    CHECK(dots < whole / 2);
    plot.panels[0].lines[0].values = {0, std::numeric_limits<double>::infinity(), 1};
    CHECK(pixels_of(drawn(plot), kBlue) == dots);
}

TEST_CASE("a threshold of a plot is a dashed line at its height, and named in the legend") {
    Plot plot = example();
    plot.panels[0].lines[0].values = {1, 1, 1};
    plot.panels[0].thresholds = {{"alarm below 0.2", 0.2}};
    const Figure figure = make_plot(plot, Font::embedded());
    CHECK(lines_of(figure, "alarm below 0.2").size() == 1);
    const Image image = drawn(plot);
    const auto height = static_cast<std::size_t>(middle_of(lines_of(figure, "0.2")[0]));
    std::size_t dashes = 0, pauses = 0;
    const auto left = static_cast<std::size_t>(lines_of(figure, "0")[0].x);
    const auto right = static_cast<std::size_t>(lines_of(figure, "200")[0].x);
    for (std::size_t x = left; x < right; ++x) {
        const bool painted = image.at(x, height - 1).blue < 170 || image.at(x, height).blue < 170 ||
                             image.at(x, height + 1).blue < 170;
        dashes += painted ? 1 : 0;
        pauses += painted ? 0 : 1;
    }
    CHECK(dashes > pauses);
    CHECK(pauses > dashes / 4);
}

TEST_CASE("thresholds at one height share a line of the legend") {
    Plot plot = example();
    plot.panels[0].thresholds = {
        {"saturated_layer", 0.5, "0.5"}, {"low", 0.2, "0.2"}, {"saturated_head", 0.5, "0.5"}};
    plot.panels.push_back(plot.panels[0]);
    const Figure figure = make_plot(plot, Font::embedded());
    CHECK(lines_of(figure, "saturated_layer, saturated_head 0.5").size() == 1);
    CHECK(lines_of(figure, "low 0.2").size() == 1);
    for (const TextLine& line : shapes_of<TextLine>(figure))
        CHECK_FALSE((line.text == "saturated_layer 0.5" || line.text == "saturated_head 0.5"));
    // Names without numbers stay as they are, and equal ones stand once.
    plot.panels[0].thresholds = {{"95 and 99 %", 0.95}, {"95 and 99 %", 0.99}};
    plot.panels.pop_back();
    CHECK(lines_of(make_plot(plot, Font::embedded()), "95 and 99 %").size() == 1);
}

TEST_CASE("a threshold far beyond the lines does not press them flat") {
    Plot plot = example();
    plot.y_ends.reset();
    plot.panels[0].thresholds = {{"alarm above 100", 100}};
    const Figure figure = make_plot(plot, Font::embedded());
    CHECK(lines_of(figure, "alarm above 100").empty());
    CHECK_FALSE(lines_of(figure, "0.8").empty());
}

TEST_CASE("marks of a plot are drawn where they are, and once in the legend") {
    Plot plot = example();
    plot.panels[0].marks = {{"alarm", 100, 0.8, MarkShape::diamond, kVermilion},
                            {"alarm", 200, 0.8, MarkShape::diamond, kVermilion}};
    const Figure figure = make_plot(plot, Font::embedded());
    CHECK(lines_of(figure, "alarm").size() == 1);
    const Image image = drawn(plot);
    const auto x = static_cast<std::size_t>(lines_of(figure, "100")[0].x);
    const auto y = static_cast<std::size_t>(middle_of(lines_of(figure, "0.8")[0]));
    CHECK(image.at(x, y) == kVermilion);
}

TEST_CASE("several panels share their axes and one legend") {
    Plot plot = example();
    for (const char* title : {"layer 1", "layer 2", "layer 3"}) {
        plot.panels.push_back(plot.panels[0]);
        plot.panels.back().title = title;
    }
    const Figure figure = make_plot(plot, Font::embedded());
    CHECK(lines_of(figure, "head 0").size() == 1);
    REQUIRE(lines_of(figure, "layer 3").size() == 1);
    CHECK(lines_of(figure, "layer 3")[0].y > lines_of(figure, "layer 0")[0].y);
    CHECK(lines_of(figure, "layer 1")[0].x > lines_of(figure, "layer 0")[0].x);
    // Steps stand below the lowest panels only, heights left of the first ones.
    CHECK(lines_of(figure, "100").size() == 2);
}

TEST_CASE("everything of a plot lies inside the picture, in every format") {
    Plot plot = example();
    plot.note =
        "a note that is longer than the panel of the plot is wide, which must not be cut: it says "
        "what the marks mean";
    for (std::size_t head = 0; head < 32; ++head)
        plot.panels[0].lines.push_back(
            {"head " + std::to_string(head), {1, 0, 1}, line_colors(32)[head], 1.5});
    const Font& font = Font::embedded();
    const Figure figure = make_plot(plot, font);
    for (const TextLine& line : shapes_of<TextLine>(figure)) {
        if (line.direction == TextDirection::up) continue;
        const auto width = static_cast<double>(font.width(line.text, line.size));
        const double from = line.anchor == TextAnchor::start ? line.x
                            : line.anchor == TextAnchor::end ? line.x - width
                                                             : line.x - width / 2;
        CHECK(from >= 0);
        CHECK(from + width <= static_cast<double>(figure.width));
        CHECK(line.y + static_cast<double>(line.size) <= static_cast<double>(figure.height));
    }
    const std::string svg = encode(figure, font, {PictureFormat::svg, 100, false}, {});
    CHECK(svg.find("layer 0") != std::string::npos);
    CHECK(encode(figure, font, {PictureFormat::pdf, 100, false}, {}).substr(0, 5) == "%PDF-");
}

TEST_CASE("a line may have places of its own, dots and labels") {
    Plot plot = example();
    plot.panels[0].lines[0].x = {0, 50, 200};
    const auto blue = [&] { return pixels_of(drawn(plot), kBlue); };
    const std::size_t plain = blue();
    plot.panels[0].lines[0].marked = true;
    CHECK(blue() > plain);
    plot.panels[0].lines[0].marked = false;
    plot.panels[0].lines[0].dashed = true;
    CHECK(blue() < plain);
    plot.panels[0].lines[0].labels = {"", "here"};
    const Figure figure = make_plot(plot, Font::embedded());
    const bool labelled =
        std::any_of(figure.shapes.begin(), figure.shapes.end(), [](const auto& shape) {
            const auto* text = std::get_if<TextLine>(&shape);
            return text && text->text == "here";
        });
    CHECK(labelled);
}

TEST_CASE("labels of near points stand apart and within their panel") {
    Plot plot = example();
    plot.panels[0].lines.clear();
    plot.panel_width = 300;
    // Ten points on nearly one place, at the right edge.
    for (int i = 0; i < 10; ++i) {
        PlotLine line{"", {0.5 + 0.001 * i}, kBlue};
        line.x = {199.0 + 0.1 * i};
        line.marked = true;
        line.labels = {"budget " + std::to_string(i)};
        plot.panels[0].lines.push_back(line);
    }
    const Font& font = Font::embedded();
    const Figure figure = make_plot(plot, font);
    std::vector<TextLine> labels;
    for (const TextLine& line : shapes_of<TextLine>(figure))
        if (line.text.rfind("budget ", 0) == 0) labels.push_back(line);
    REQUIRE(labels.size() == 10);
    const double edge = lines_of(figure, "layer 0")[0].x + 300;
    for (const TextLine& a : labels) {
        CHECK(a.x + static_cast<double>(font.width(a.text, a.size)) <= edge);
        for (const TextLine& b : labels) {
            const bool apart = std::abs(a.y - b.y) >= static_cast<double>(a.size) ||
                               a.x + static_cast<double>(font.width(a.text, a.size)) <= b.x ||
                               b.x + static_cast<double>(font.width(b.text, b.size)) <= a.x;
            CHECK((apart || a.text == b.text));
        }
    }
}

TEST_CASE("the legend shows the marks of a line") {
    Plot plot = example();
    plot.panels[0].lines[0].values = {kNone, kNone, kNone};
    const std::size_t stroke = pixels_of(drawn(plot), kBlue);
    plot.panels[0].lines[0].marked = true;
    const std::size_t disc = pixels_of(drawn(plot), kBlue);
    CHECK(disc > stroke);
    plot.panels[0].lines[0].shape = MarkShape::triangle;
    CHECK(pixels_of(drawn(plot), kBlue) != disc);
}

TEST_CASE("the axis reaches as far as the lines, and the legend names all where it is asked to") {
    Plot plot = example();
    plot.panels[0].lines[0].x = {0, 100, 1000};
    CHECK(pixels_of(drawn(plot), kBlue) > 0);
    for (int i = 0; i < 30; ++i)
        plot.panels[0].lines.push_back({"more " + std::to_string(i), {0, 0, 0}, kBlue});
    const auto names = [&] {
        const Figure figure = make_plot(plot, Font::embedded());
        return std::count_if(figure.shapes.begin(), figure.shapes.end(), [](const auto& shape) {
            const auto* text = std::get_if<TextLine>(&shape);
            return text && text->text.rfind("more ", 0) == 0;
        });
    };
    CHECK(names() < 30);
    plot.all_names = true;
    CHECK(names() == 30);
}
