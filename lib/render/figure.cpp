#include "render/figure.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/error.hpp"
#include "render/ink.hpp"

namespace attn::render {
namespace {

constexpr double kMostPixels = 1 << 28;

// Draws shapes into an image that has `scale` pixels where a figure says one.
class Painter {
  public:
    Painter(Image& image, const Font& font, double scale)
        : image_(image), font_(font), scale_(scale) {}

    void operator()(const FilledRectangle& rectangle) const {
        const std::size_t x = edge(rectangle.x);
        const std::size_t y = edge(rectangle.y);
        // The thinnest line stays a pixel wide.
        const std::size_t right = std::max(x + 1, edge(rectangle.x + rectangle.width));
        const std::size_t bottom = std::max(y + 1, edge(rectangle.y + rectangle.height));
        image_.fill(x, y, right - x, bottom - y, rectangle.color);
    }

    void operator()(const TextLine& line) const {
        // Not above the size that it was measured with: it must not run into its neighbours.
        const auto size = std::max<std::size_t>(
            1, static_cast<std::size_t>(static_cast<double>(line.size) * scale_ + 1e-9));
        double before = 0;  // pixels of the text before its anchor
        if (line.anchor != TextAnchor::start) {
            before = static_cast<double>(font_.width(line.text, size));
            if (line.anchor == TextAnchor::middle) before /= 2;
        }
        const bool across = line.direction == TextDirection::across;
        const double x = line.x * scale_;
        const double y = line.y * scale_;
        const double left = across ? std::ceil(x - before) : x;
        const double top = across ? y : std::floor(y + before);
        font_.draw(image_, line.text, size, static_cast<std::size_t>(std::max(0.0, left)),
                   static_cast<std::size_t>(std::max(0.0, top)), line.color, line.direction);
    }

    void operator()(const CellBlock& block) const {
        const std::vector<std::size_t> columns =
            edges(block.x, block.cell_width, block.cells.width());
        const std::vector<std::size_t> rows =
            edges(block.y, block.cell_height, block.cells.height());
        assert(columns.back() <= image_.width() && rows.back() <= image_.height());
        const std::size_t bytes = (columns.back() - columns.front()) * 3;
        for (std::size_t row = 0; row < block.cells.height(); ++row) {
            if (rows[row] == rows[row + 1]) continue;
            // The first line of pixels is drawn, the others of the row are copies.
            std::uint8_t* const line = image_.row(rows[row]) + columns.front() * 3;
            draw_line(line, block.cells.row(row), columns);
            for (std::size_t copy = rows[row] + 1; copy < rows[row + 1]; ++copy)
                std::memcpy(image_.row(copy) + columns.front() * 3, line, bytes);
        }
    }

    void operator()(FilledPolygon polygon) const {
        for (Point& corner : polygon.corners) {
            corner.x *= scale_;
            corner.y *= scale_;
        }
        fill_polygon(image_, polygon.corners, polygon.color);
    }

  private:
    std::size_t edge(std::size_t place) const {
        if (scale_ == 1) return place;
        return static_cast<std::size_t>(std::lround(static_cast<double>(place) * scale_));
    }

    // Where `count` cells begin, and the last one ends.
    std::vector<std::size_t> edges(std::size_t start, std::size_t size, std::size_t count) const {
        std::vector<std::size_t> result(count + 1);
        for (std::size_t i = 0; i <= count; ++i) result[i] = edge(start + i * size);
        return result;
    }

    static void draw_line(std::uint8_t* pixel, const std::uint8_t* cell,
                          const std::vector<std::size_t>& columns) {
        const std::size_t cells = columns.size() - 1;
        if (columns.back() - columns.front() == cells) {
            std::memcpy(pixel, cell, cells * 3);
            return;
        }
        for (std::size_t column = 0; column < cells; ++column, cell += 3) {
            for (std::size_t i = columns[column]; i < columns[column + 1]; ++i) {
                *pixel++ = cell[0];
                *pixel++ = cell[1];
                *pixel++ = cell[2];
            }
        }
    }

    Image& image_;
    const Font& font_;
    double scale_;
};

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

Image pixels_of(const CellBlock& block) {
    Image image(block.cells.width() * block.cell_width, block.cells.height() * block.cell_height,
                kPaper);
    Painter(image, Font::embedded(),
            1)(CellBlock{block.cells, 0, 0, block.cell_width, block.cell_height});
    return image;
}

Image rasterize(const Figure& figure, const Font& font, double scale, Color paper) {
    const double width = std::ceil(static_cast<double>(figure.width) * scale);
    const double height = std::ceil(static_cast<double>(figure.height) * scale);
    if (width * height > kMostPixels) {
        fail("a picture of ", static_cast<std::size_t>(width), " x ",
             static_cast<std::size_t>(height),
             " pixels is too large; choose a smaller --dpi, --cell or --max-size");
    }
    Image image(static_cast<std::size_t>(width), static_cast<std::size_t>(height), paper);
    const Painter painter(image, font, scale);
    for (const Shape& shape : figure.shapes) std::visit(painter, shape);
    return image;
}

}  // namespace attn::render
