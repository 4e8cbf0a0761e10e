#include "attention/projection_backward.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"

using namespace attn;
using namespace attn::test;

namespace {

// The sums written out, over two sequences.
double product_at(const Array<double>& x, const Array<double>& dy, std::size_t row,
                  std::size_t column) {
    const std::size_t tokens = x.extent(0) * x.extent(1);
    double sum = 0;
    for (std::size_t token = 0; token < tokens; ++token)
        sum += x.data()[token * x.extent(2) + row] * dy.data()[token * dy.extent(2) + column];
    return sum;
}

}  // namespace

TEST_CASE("the gradient of a matrix sums over the tokens of all sequences") {
    // Wider than a block of the result.
    const Array<double> x = random_array<double>({2, 5, 200}, 1);
    const Array<double> dy = random_array<double>({2, 5, 300}, 2);
    const Array<double> found = matrix_gradient(x, dy);
    REQUIRE(found.shape() == Shape{200, 300});
    double worst = 0;
    for (std::size_t i = 0; i < found.size(); i += 7)
        worst = std::max(worst, std::abs(found.data()[i] - product_at(x, dy, i / 300, i % 300)));
    CHECK(worst < 1e-13);
}

TEST_CASE("the gradient of a bias is the sum of all rows") {
    const Array<float> dy({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
    const Array<float> found = bias_gradient(dy);
    CHECK(max_difference(found, Array<float>({2}, {16, 20})) == 0);
}

TEST_CASE("a gradient goes back through a matrix in either order") {
    const Array<double> W({2, 3}, {1, 2, 3, 4, 5, 6});
    const Array<double> dy({1, 1, 3}, {1, 10, 100});
    const Array<double> expected({1, 1, 2}, {321, 654});
    CHECK(max_difference(project_back(dy, W, MatrixOrder::in_out), expected) == 0);
    CHECK(max_difference(project_back(dy, transposed(W), MatrixOrder::out_in), expected) == 0);
}
