#include "render/svg.hpp"

#include <catch2/catch.hpp>

using namespace attn::render;

namespace {

std::string svg_of(const Figure& figure, bool paper = true, const PictureFacts& facts = {}) {
    return encode_svg(figure, Font::embedded(), paper, facts);
}

}  // namespace

TEST_CASE("SVG is as large in inches as the picture of 100 dots an inch") {
    CHECK_THAT(svg_of({250, 75, {}}), Catch::Contains("width=\"2.5in\" height=\"0.75in\"") &&
                                          Catch::Contains("viewBox=\"0 0 250 75\""));
}

TEST_CASE("SVG keeps texts as texts, whatever characters they hold") {
    Figure figure{100, 100, {}};
    figure.write({"a<b & \"c\" Ġ\x01\xff", 12, 5, 5, {0, 0, 0}});
    CHECK_THAT(svg_of(figure), Catch::Contains(">a&lt;b &amp; &quot;c&quot; Ġ\uFFFD\uFFFD</text>"));
}

TEST_CASE("SVG turns texts that read up, and anchors them where the figure does") {
    Figure figure{100, 100, {}};
    figure.write({"key", 12, 20, 50, {0, 0, 0}, TextAnchor::end, TextDirection::up});
    CHECK_THAT(svg_of(figure),
               Catch::Contains("rotate(-90)") && Catch::Contains("text-anchor=\"end\""));
}

TEST_CASE("SVG holds cells as one picture that is not smoothed") {
    Figure figure{100, 100, {}};
    figure.place({Image(3, 2, {1, 2, 3}), 10, 20, 4, 5});
    const std::string svg = svg_of(figure);
    CHECK_THAT(svg, Catch::Contains("<image x=\"10\" y=\"20\" width=\"12\" height=\"10\"") &&
                        Catch::Contains("image-rendering:pixelated") &&
                        Catch::Contains("data:image/png;base64,iVBORw0KGgo"));
}

TEST_CASE("SVG has paper or none") {
    CHECK_THAT(svg_of({10, 10, {}}, true), Catch::Contains("fill=\"#ffffff\""));
    CHECK_THAT(svg_of({10, 10, {}}, false), !Catch::Contains("<rect"));
}

TEST_CASE("SVG says what it shows and where it comes from, and nothing of today") {
    const PictureFacts facts{{"Title", "A & B"},
                             {"Description", "what is seen"},
                             {"Source", "w.npy"},
                             {"Layer", "3"},
                             {"Software", "attn-inspect 1"}};
    const std::string svg = svg_of({10, 10, {}}, true, facts);
    CHECK_THAT(svg, Catch::Contains("<title>A &amp; B</title>") &&
                        Catch::Contains("<desc>what is seen</desc>") &&
                        Catch::Contains("<dc:source>w.npy</dc:source>") &&
                        Catch::Contains("Layer: 3") &&
                        Catch::Contains("<dc:creator>attn-inspect 1</dc:creator>"));
    CHECK(svg == svg_of({10, 10, {}}, true, facts));
    CHECK_THAT(svg, !Catch::Contains("dc:date"));
}
