#include "render/figure.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "render/ink.hpp"

namespace attn::render {
namespace {

void paint(Image& image, const FilledRectangle& rectangle, const Font& /*font*/) {
    image.fill(rectangle.x, rectangle.y, rectangle.width, rectangle.height, rectangle.color);
}

void paint(Image& image, const TextLine& line, const Font& font) {
    double before = 0;  // pixels of the text before its anchor
    if (line.anchor != TextAnchor::start) {
        before = static_cast<double>(font.width(line.text, line.size));
        if (line.anchor == TextAnchor::middle) before /= 2;
    }
    const bool across = line.direction == TextDirection::across;
    const double x = across ? std::ceil(line.x - before) : line.x;
    const double y = across ? line.y : std::floor(line.y + before);
    font.draw(image, line.text, line.size, static_cast<std::size_t>(std::max(0.0, x)),
              static_cast<std::size_t>(std::max(0.0, y)), line.color, line.direction);
}

void paint(Image& image, const CellBlock& block, const Font& /*font*/) {
    const std::size_t bytes = block.cells.width() * block.cell_width * 3;
    assert(block.x + block.cells.width() * block.cell_width <= image.width() &&
           block.y + block.cells.height() * block.cell_height <= image.height());
    for (std::size_t row = 0; row < block.cells.height(); ++row) {
        // The first line of pixels is drawn, the others of the row are copies.
        const std::size_t top = block.y + row * block.cell_height;
        std::uint8_t* const line = image.row(top) + block.x * 3;
        const std::uint8_t* cell = block.cells.row(row);
        if (block.cell_width == 1) {
            std::memcpy(line, cell, bytes);
        } else {
            for (std::uint8_t* pixel = line; pixel != line + bytes; cell += 3) {
                for (std::size_t i = 0; i < block.cell_width; ++i) {
                    *pixel++ = cell[0];
                    *pixel++ = cell[1];
                    *pixel++ = cell[2];
                }
            }
        }
        for (std::size_t copy = 1; copy < block.cell_height; ++copy)
            std::memcpy(image.row(top + copy) + block.x * 3, line, bytes);
    }
}

void paint(Image& image, const FilledPolygon& polygon, const Font& /*font*/) {
    fill_polygon(image, polygon.corners, polygon.color);
}

template <class Part>
void move_right(Part& part, std::size_t pixels) {
    part.x += static_cast<decltype(part.x)>(pixels);
}

void move_right(FilledPolygon& polygon, std::size_t pixels) {
    for (Point& corner : polygon.corners) corner.x += static_cast<double>(pixels);
}

}  // namespace

void Figure::hatch(std::size_t x, std::size_t y, std::size_t w, std::size_t h) {
    const auto left = static_cast<double>(x);
    const auto top = static_cast<double>(y);
    const auto wide = static_cast<double>(w);
    const auto high = static_cast<double>(h);
    // The two ends of the line inside the rectangle on which x + y is `sum`.
    const auto lower = [&](double sum) {
        return Point{left + std::max(0.0, sum - high), top + std::min(high, sum)};
    };
    const auto upper = [&](double sum) {
        return Point{left + std::min(wide, sum), top + std::max(0.0, sum - wide)};
    };
    constexpr double kPeriod = 7;
    constexpr double kLine = 1.5;
    for (double sum = 2; sum < wide + high; sum += kPeriod) {
        double start = sum;
        for (const Color color : {kInk, kPaper}) {
            const double end = std::min(start + kLine, wide + high);
            if (start < end) fill({lower(start), lower(end), upper(end), upper(start)}, color);
            start = end;
        }
    }
}

void Figure::frame(std::size_t x, std::size_t y, std::size_t w, std::size_t h) {
    fill(x - 1, y - 1, w + 2, 1, kInk);
    fill(x - 1, y + h, w + 2, 1, kInk);
    fill(x - 1, y - 1, 1, h + 2, kInk);
    fill(x + w, y - 1, 1, h + 2, kInk);
}

void Figure::append(Figure other) {
    for (Shape& shape : other.shapes) {
        std::visit([this](auto& part) { move_right(part, width); }, shape);
        shapes.push_back(std::move(shape));
    }
    width += other.width;
    height = std::max(height, other.height);
}

Image rasterize(const Figure& figure, const Font& font) {
    Image image(figure.width, figure.height, kPaper);
    for (const Shape& shape : figure.shapes)
        std::visit([&](const auto& part) { paint(image, part, font); }, shape);
    return image;
}

}  // namespace attn::render
