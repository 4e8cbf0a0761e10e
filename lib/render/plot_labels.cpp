#include "render/plot_labels.hpp"

#include <algorithm>
#include <cmath>

namespace attn::render {
namespace {

constexpr double kBeside = 5;     // pixels between a point and its label
constexpr double kStep = 3;       // pixels between places that are tried
constexpr double kNearLabel = 9;  // a label that is no farther needs no leader
constexpr double kFrame = 2;      // pixels between a label and the frame
constexpr double kLeftPrice = 4;  // labels right of their points are read as theirs more easily
constexpr double kStrokePrice = 7;
constexpr double kBelowPrice = 2;  // and so are those above

bool lies_within(const LabelBox& box, const LabelBox& panel) {
    return box.left >= panel.left + kFrame && box.right <= panel.right - kFrame &&
           box.top >= panel.top + kFrame && box.bottom <= panel.bottom - kFrame;
}

double distance_to(const LabelBox& box, Point point) {
    const double x = std::max({box.left - point.x, 0.0, point.x - box.right});
    const double y = std::max({box.top - point.y, 0.0, point.y - box.bottom});
    return std::hypot(x, y);
}

// The free place of the least price, which grows with the distance from the point.
std::optional<LabelBox> best_place(const PointLabel& label, double height, const LabelBox& panel,
                                   const LabelObstacles& obstacles) {
    const double usual = label.point.y - height - 2;
    std::optional<LabelBox> best;
    double least = 0;
    const auto look_at = [&](double left, double top, double price) {
        const LabelBox box{left, top, left + label.width, top + height};
        price += distance_to(box, label.point);
        if ((best && price >= least) || !lies_within(box, panel)) return;
        const auto overlaps = [&](const LabelBox& other) { return box.overlaps(other); };
        const auto any_of = [&](const std::vector<LabelBox>& boxes) {
            return std::any_of(boxes.begin(), boxes.end(), overlaps);
        };
        if (any_of(obstacles.points)) return;
        if (any_of(obstacles.strokes)) price += kStrokePrice;
        if (best && price >= least) return;
        best = box;
        least = price;
    };
    const double reach = panel.bottom - panel.top;
    for (double away = 0; away <= reach; away += kStep) {
        for (const double side : {-1.0, 1.0}) {
            const double top = usual + side * away;
            const double price = side > 0 && away > 0 ? kBelowPrice : 0;
            for (double beside = kBeside; beside <= 10 * kBeside; beside += kBeside) {
                look_at(label.point.x + beside, top, price);
                look_at(label.point.x - beside - label.width, top, price + kLeftPrice);
            }
            look_at(label.point.x - label.width / 2, top, price + kLeftPrice / 2);
        }
    }
    return best;
}

}  // namespace

LabelBox box_around(Point centre, double radius) {
    return {centre.x - radius, centre.y - radius, centre.x + radius, centre.y + radius};
}

void add_stroke(std::vector<LabelBox>& strokes, Point from, Point to) {
    constexpr double kEvery = 4;  // pixels; labels are higher
    const double length = std::hypot(to.x - from.x, to.y - from.y);
    const auto steps = static_cast<std::size_t>(std::max(1.0, length / kEvery));
    for (std::size_t step = 0; step <= steps; ++step) {
        const double part = static_cast<double>(step) / static_cast<double>(steps);
        strokes.push_back(
            box_around({from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part}, 1));
    }
}

std::vector<std::optional<LabelBox>> place_labels(const std::vector<PointLabel>& labels,
                                                  double height, const LabelBox& panel,
                                                  const LabelObstacles& obstacles) {
    LabelObstacles all = obstacles;
    std::vector<std::optional<LabelBox>> placed(labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
        placed[i] = best_place(labels[i], height, panel, all);
        if (placed[i]) all.points.push_back(*placed[i]);
    }
    return placed;
}

std::optional<Point> leader_end(const PointLabel& label, const LabelBox& box) {
    if (distance_to(box, label.point) <= kNearLabel) return std::nullopt;
    return Point{std::clamp(label.point.x, box.left, box.right),
                 std::clamp(label.point.y, box.top, box.bottom)};
}

}  // namespace attn::render
