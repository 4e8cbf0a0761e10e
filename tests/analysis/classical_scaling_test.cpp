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
