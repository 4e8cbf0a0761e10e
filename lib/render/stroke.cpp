#include "render/stroke.hpp"

#include <cmath>

#include "render/ink.hpp"

namespace attn::render {
namespace {

constexpr double kDash = 6;
constexpr double kPause = 4;
constexpr double kTurn = 6.283185307179586;

std::vector<Point> corners_of(Point centre, double radius, MarkShape shape) {
    const int count = shape == MarkShape::disc ? 12 : shape == MarkShape::triangle ? 3 : 4;
    const double first = shape == MarkShape::square ? 0.5 : 0;  // half a side from the top
    std::vector<Point> corners;
    for (int corner = 0; corner < count; ++corner) {
        const double angle = kTurn * (corner + first) / count;  // clockwise from the top
        corners.push_back(
            {centre.x + radius * std::sin(angle), centre.y - radius * std::cos(angle)});
    }
    return corners;
}

// Without ends that go beyond.
void add_plain_line(Figure& figure, Point from, Point to, double width, Color color) {
    const double length = std::hypot(to.x - from.x, to.y - from.y);
    if (!(length > 0)) return;
    const double x = (to.y - from.y) / length * width / 2;  // across the line
    const double y = (from.x - to.x) / length * width / 2;
    figure.fill({{from.x + x, from.y + y},
                 {to.x + x, to.y + y},
                 {to.x - x, to.y - y},
                 {from.x - x, from.y - y}},
                color);
}

Point between(Point from, Point to, double part) {
    return {from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part};
}

}  // namespace

void add_line(Figure& figure, Point from, Point to, double width, Color color) {
    const double length = std::hypot(to.x - from.x, to.y - from.y);
    if (!(length > 0)) return;
    const double beyond = width / 4 / length;
    add_plain_line(figure, between(from, to, -beyond), between(from, to, 1 + beyond), width, color);
}

void add_dashed_line(Figure& figure, Point from, Point to, double width, Color color) {
    const double length = std::hypot(to.x - from.x, to.y - from.y);
    for (double start = 0; start < length; start += kDash + kPause) {
        const double end = std::min(start + kDash, length);
        add_plain_line(figure, between(from, to, start / length), between(from, to, end / length),
                       width, color);
    }
}

void add_mark(Figure& figure, Point centre, double radius, MarkShape shape, Color color) {
    figure.fill(corners_of(centre, radius + 1.5, shape), kPaper);
    figure.fill(corners_of(centre, radius, shape), color);
}

}  // namespace attn::render
