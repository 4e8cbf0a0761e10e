// Areas with slanted edges: the arrows of colour bars and hatching.
#pragma once

#include <vector>

#include "render/image.hpp"

namespace attn::render {

struct Point {
    double x = 0;
    double y = 0;
};

// Fills a convex polygon, with soft edges; pixel (i, j) covers i … i + 1 and j … j + 1.
void fill_polygon(Image& image, const std::vector<Point>& corners, Color color);

}  // namespace attn::render
