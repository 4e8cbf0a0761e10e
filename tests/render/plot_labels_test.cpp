#include "render/plot_labels.hpp"

#include <catch2/catch.hpp>

using namespace attn::render;

namespace {

constexpr LabelBox kPanel{0, 0, 200, 100};
constexpr Color kInkOfLabel{1, 2, 3};

PointLabel label_at(double x, double y) {
    return {{x, y}, "12", kInkOfLabel, 14};
}

std::vector<std::optional<LabelBox>> placed(const std::vector<PointLabel>& labels) {
    LabelObstacles obstacles;
    for (const PointLabel& label : labels) obstacles.points.push_back(box_around(label.point, 3));
    return place_labels(labels, 10, kPanel, obstacles);
}

}  // namespace

TEST_CASE("a label stands right above its point where there is room") {
    const auto boxes = placed({label_at(50, 50)});
    REQUIRE(boxes[0].has_value());
    CHECK(boxes[0]->left == 55);
    CHECK(boxes[0]->bottom == 48);
    CHECK_FALSE(leader_end(label_at(50, 50), *boxes[0]).has_value());
}

TEST_CASE("labels stay within the panel, whatever corner their point is in") {
    for (const double x : {0.0, 199.0}) {
        for (const double y : {0.0, 100.0}) {
            const auto boxes = placed({label_at(x, y)});
            REQUIRE(boxes[0].has_value());
            CHECK(boxes[0]->left >= kPanel.left);
            CHECK(boxes[0]->right <= kPanel.right);
            CHECK(boxes[0]->top >= kPanel.top);
            CHECK(boxes[0]->bottom <= kPanel.bottom);
        }
    }
}

TEST_CASE("labels of one place stand apart, and a line leads to those that are far") {
    const std::vector<PointLabel> labels(12, label_at(100, 50));
    const auto boxes = placed(labels);
    bool any_leader = false;
    for (std::size_t a = 0; a < labels.size(); ++a) {
        REQUIRE(boxes[a].has_value());
        for (std::size_t b = 0; b < a; ++b) CHECK_FALSE(boxes[a]->overlaps(*boxes[b]));
        CHECK_FALSE(boxes[a]->overlaps(box_around({100, 50}, 3)));
        any_leader = any_leader || leader_end(labels[a], *boxes[a]).has_value();
    }
    CHECK(any_leader);
}

TEST_CASE("a label gives way to a line where there is room beside it") {
    LabelObstacles obstacles;
    add_stroke(obstacles.strokes, {50, 50}, {90, 40});
    const auto boxes = place_labels({label_at(50, 50)}, 10, kPanel, obstacles);
    REQUIRE(boxes[0].has_value());
    for (const LabelBox& stroke : obstacles.strokes) CHECK_FALSE(boxes[0]->overlaps(stroke));
    // Where lines are everywhere it stands on one all the same.
    obstacles.strokes = {kPanel};
    CHECK(place_labels({label_at(50, 50)}, 10, kPanel, obstacles)[0].has_value());
}

TEST_CASE("a label without any room is left out") {
    const auto boxes = place_labels({label_at(50, 50)}, 10, kPanel, {{kPanel}, {}});
    CHECK_FALSE(boxes[0].has_value());
}
