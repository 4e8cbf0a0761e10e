// Where the words beside the points of a plot stand: none over another one or over a point, and all
// within the panel.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "render/image.hpp"
#include "render/polygon.hpp"

namespace attn::render {

// A rectangle in pixels.
struct LabelBox {
    double left = 0, top = 0, right = 0, bottom = 0;

    bool overlaps(const LabelBox& other) const {
        return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
    }
};

// The box of a point that words keep clear of.
LabelBox box_around(Point centre, double radius);

struct PointLabel {
    Point point;
    std::string text;
    Color color;
    double width = 0;  // of the text, in pixels
};

// What labels keep clear of: points always, strokes of lines where there is room elsewhere.
struct LabelObstacles {
    std::vector<LabelBox> points;
    std::vector<LabelBox> strokes;
};

// Small boxes along a line.
void add_stroke(std::vector<LabelBox>& strokes, Point from, Point to);

// The box of each label, `height` high, in the order of `labels`: right above its point where that
// is free, else as near as there is room in `panel`; none where there is no room at all.
std::vector<std::optional<LabelBox>> place_labels(const std::vector<PointLabel>& labels,
                                                  double height, const LabelBox& panel,
                                                  const LabelObstacles& obstacles);

// Where a line from the point to its label ends; none where the label stands beside the point.
std::optional<Point> leader_end(const PointLabel& label, const LabelBox& box);

}  // namespace attn::render
