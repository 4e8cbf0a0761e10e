// What a picture holds, before anybody decides on pixels, SVG or PDF: rectangles, lines of text and
// blocks of coloured cells, in the order in which they are painted.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "render/font.hpp"
#include "render/image.hpp"
#include "render/ink.hpp"
#include "render/polygon.hpp"

namespace attn::render {

struct FilledRectangle {
    std::size_t x = 0;  // of the top left corner
    std::size_t y = 0;
    std::size_t width = 0;
    std::size_t height = 0;
    Color color;
};

// A convex area with slanted edges.
struct FilledPolygon {
    std::vector<Point> corners;
    Color color;
};

// Which point of a text stands at its place, along the direction in which it is read.
enum class TextAnchor { start, middle, end };

// One line of text, `size` pixels high. Across: (x, y) lies on the top edge of the line. Up: on its
// left edge, which is the top of the letters.
struct TextLine {
    std::string text;
    std::size_t size = 12;
    double x = 0;
    double y = 0;
    Color color;
    TextAnchor anchor = TextAnchor::start;
    TextDirection direction = TextDirection::across;
};

// A matrix that is coloured already: one pixel of `cells` is drawn as a rectangle of cell_width x
// cell_height.
struct CellBlock {
    Image cells;
    std::size_t x = 0;  // of the top left corner
    std::size_t y = 0;
    std::size_t cell_width = 1;
    std::size_t cell_height = 1;
};

using Shape = std::variant<FilledRectangle, TextLine, CellBlock, FilledPolygon>;

// Sizes and places are in pixels of a picture of 100 dots an inch.
struct Figure {
    std::size_t width = 0;
    std::size_t height = 0;
    std::vector<Shape> shapes;  // a later one hides an earlier one

    void fill(std::size_t x, std::size_t y, std::size_t w, std::size_t h, Color color) {
        shapes.emplace_back(FilledRectangle{x, y, w, h, color});
    }

    // An empty text adds nothing.
    void write(TextLine line) {
        if (!line.text.empty()) shapes.emplace_back(std::move(line));
    }

    void place(CellBlock block) { shapes.emplace_back(std::move(block)); }

    // Puts another figure to the right of this one.
    void append(Figure other);

    void fill(std::vector<Point> corners, Color color) {
        shapes.emplace_back(FilledPolygon{std::move(corners), color});
    }

    // Slanted lines over the rectangle, dark and light, which are seen on every colour.
    void hatch(std::size_t x, std::size_t y, std::size_t w, std::size_t h);

    // A line of one pixel around the rectangle, outside it.
    void frame(std::size_t x, std::size_t y, std::size_t w, std::size_t h);
};

// The figure in pixels, `scale` pixels where it says one. Texts are drawn with `font`, with which
// they were measured. Throws Error for pictures that are too large.
Image rasterize(const Figure& figure, const Font& font, double scale = 1, Color paper = kPaper);

// The block alone, as large as a figure shows it. For formats whose viewers enlarge pictures
// themselves: some of them smooth, and then only the edges of cells are soft, not the cells.
Image pixels_of(const CellBlock& block);

}  // namespace attn::render
