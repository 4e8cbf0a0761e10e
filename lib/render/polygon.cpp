#include "render/polygon.hpp"

#include <algorithm>
#include <cmath>

namespace attn::render {
namespace {

constexpr int kSamples = 4;  // a pixel is looked at in 4 x 4 places

// Convex: the point lies on the same side of all edges.
bool contains(const std::vector<Point>& corners, Point point) {
    bool left = false;
    bool right = false;
    for (std::size_t i = 0; i < corners.size(); ++i) {
        const Point a = corners[i];
        const Point b = corners[(i + 1) % corners.size()];
        const double side = (b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x);
        left |= side > 0;
        right |= side < 0;
    }
    return !(left && right);
}

int covered_samples(const std::vector<Point>& corners, std::size_t x, std::size_t y) {
    int covered = 0;
    for (int i = 0; i < kSamples * kSamples; ++i) {
        const int column = i % kSamples, row = i / kSamples;
        const Point sample{static_cast<double>(x) + (column + 0.5) / kSamples,
                           static_cast<double>(y) + (row + 0.5) / kSamples};
        covered += contains(corners, sample) ? 1 : 0;
    }
    return covered;
}

std::uint8_t blend(std::uint8_t under, std::uint8_t over, int covered) {
    return static_cast<std::uint8_t>(under + (over - under) * covered / (kSamples * kSamples));
}

std::size_t inside(double place, std::size_t end) {
    return static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(end)));
}

}  // namespace

void fill_polygon(Image& image, const std::vector<Point>& corners, Color color) {
    if (corners.empty()) return;
    const auto [left, right] = std::minmax_element(corners.begin(), corners.end(),
                                                   [](Point a, Point b) { return a.x < b.x; });
    const auto [top, bottom] = std::minmax_element(corners.begin(), corners.end(),
                                                   [](Point a, Point b) { return a.y < b.y; });
    const std::size_t end_x = inside(std::ceil(right->x), image.width());
    const std::size_t end_y = inside(std::ceil(bottom->y), image.height());
    for (std::size_t y = inside(std::floor(top->y), end_y); y < end_y; ++y) {
        for (std::size_t x = inside(std::floor(left->x), end_x); x < end_x; ++x) {
            const int covered = covered_samples(corners, x, y);
            const Color under = image.at(x, y);
            image.set(
                x, y,
                {blend(under.red, color.red, covered), blend(under.green, color.green, covered),
                 blend(under.blue, color.blue, covered)});
        }
    }
}

}  // namespace attn::render
