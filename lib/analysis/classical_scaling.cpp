#include "analysis/classical_scaling.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace attn::analysis {
namespace {

using Matrix = std::vector<std::vector<double>>;

// -1/2 of the squared distances, with the mean of each row and column taken away: the products of
// the points with each other.
Matrix products_of(const Array<double>& distances) {
    const std::size_t n = distances.extent(0);
    Matrix products(n, std::vector<double>(n));
    std::vector<double> means(n, 0);
    double mean = 0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            const double distance = distances.data()[i * n + j];
            products[i][j] = -0.5 * distance * distance;
            means[i] += products[i][j] / static_cast<double>(n);
        }
        mean += means[i] / static_cast<double>(n);
    }
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) products[i][j] += mean - means[i] - means[j];
    }
    return products;
}

// Turns axes p and q of the symmetric matrix so that its cell (p, q) becomes zero; `axes` turn with
// them.
void turn(Matrix& matrix, Matrix& axes, std::size_t p, std::size_t q) {
    if (matrix[p][q] == 0) return;
    const double angle = 0.5 * std::atan2(2 * matrix[p][q], matrix[q][q] - matrix[p][p]);
    const double c = std::cos(angle), s = std::sin(angle);
    const auto mix = [&](double& a, double& b) {
        const double old = a;
        a = c * old - s * b;
        b = s * old + c * b;
    };
    for (auto& row : matrix) mix(row[p], row[q]);
    for (std::size_t k = 0; k < matrix.size(); ++k) mix(matrix[p][k], matrix[q][k]);
    for (auto& row : axes) mix(row[p], row[q]);
}

// Jacobi's method: makes the matrix diagonal, and returns its eigenvectors as columns.
Matrix diagonalise(Matrix& matrix) {
    const std::size_t n = matrix.size();
    Matrix axes(n, std::vector<double>(n, 0));
    for (std::size_t i = 0; i < n; ++i) axes[i][i] = 1;
    constexpr int kSweeps = 30;  // a dozen is plenty
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
        double rest = 0, all = 0;
        for (std::size_t p = 0; p < n; ++p) {
            for (std::size_t q = 0; q < n; ++q) {
                all += matrix[p][q] * matrix[p][q];
                if (p != q) rest += matrix[p][q] * matrix[p][q];
            }
        }
        if (rest <= 1e-30 * all) break;
        for (std::size_t p = 0; p < n; ++p) {
            for (std::size_t q = p + 1; q < n; ++q) turn(matrix, axes, p, q);
        }
    }
    return axes;
}

}  // namespace

std::vector<std::array<double, 2>> place_in_plane(const Array<double>& distances) {
    Matrix values = products_of(distances);
    const Matrix axes = diagonalise(values);
    const std::size_t n = values.size();
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return values[a][a] > values[b][b]; });
    std::vector<std::array<double, 2>> points(n, {0, 0});
    for (std::size_t axis = 0; axis < std::min<std::size_t>(2, n); ++axis) {
        const std::size_t column = order[axis];
        const double length = std::sqrt(std::max(0.0, values[column][column]));
        double largest = 0;
        for (std::size_t i = 0; i < n; ++i) {
            points[i][axis] = axes[i][column] * length;
            if (std::abs(points[i][axis]) > std::abs(largest)) largest = points[i][axis];
        }
        for (auto& point : points) point[axis] = std::copysign(1.0, largest) * point[axis];
    }
    return points;
}

}  // namespace attn::analysis
