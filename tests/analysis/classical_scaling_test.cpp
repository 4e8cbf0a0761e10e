#include "analysis/classical_scaling.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

using namespace attn;
using analysis::place_in_plane;

namespace {

using Points = std::vector<std::array<double, 2>>;

Array<double> distances_of(const Points& points) {
    std::vector<double> distances;
    for (const auto& a : points) {
        for (const auto& b : points) distances.push_back(std::hypot(a[0] - b[0], a[1] - b[1]));
    }
    return {{points.size(), points.size()}, distances};
}

}  // namespace

TEST_CASE("points of a plane are found again, up to a turn") {
    std::mt19937 random(7);
    std::normal_distribution<double> normal;
    for (const std::size_t count : {1, 2, 3, 12, 40}) {
        Points points(count);
        for (auto& point : points) point = {3 * normal(random), normal(random)};
        const Array<double> distances = distances_of(points);
        const Array<double> found = distances_of(place_in_plane(distances));
        for (std::size_t i = 0; i < found.size(); ++i)
            CHECK(found.data()[i] == Approx(distances.data()[i]).margin(1e-9));
    }
}

TEST_CASE("points that are all the same stand at the origin") {
    for (const auto& point : place_in_plane(Array<double>({3, 3}, std::vector<double>(9, 0)))) {
        CHECK(point[0] == 0);
        CHECK(point[1] == 0);
    }
}

TEST_CASE("axes point to the first of the points that lie farthest out") {
    // On a line, evenly: the outer two are as far but for rounding.
    Points line;
    for (int i = 0; i < 7; ++i) line.push_back({0.1 * i, 0});
    const auto found = place_in_plane(distances_of(line));
    CHECK(found.front()[0] == Approx(0.3));
    CHECK(found.back()[0] == Approx(-0.3));
    for (const auto& point : found) CHECK(std::abs(point[1]) < 1e-7);
}

TEST_CASE("distances that are not finite have no points") {
    const double missing = std::nan("");
    for (const auto& point : place_in_plane(Array<double>({2, 2}, {0, missing, missing, 0})))
        CHECK((std::isnan(point[0]) && std::isnan(point[1])));
}
