#include "analysis/classical_scaling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attention/blas_threads.hpp"
#include "attention/product_memory.hpp"
#include "core/xtensor_blas.hpp"

namespace attn::analysis {
namespace {

using XtMatrix = xt::xtensor<double, 2>;

// -1/2 of the squared distances, with the mean of each row and column taken away: the products of
// the points with each other.
XtMatrix products_of(const XtMatrix& distances) {
    const auto now = xt::keep_dims | xt::evaluation_strategy::immediate;
    const XtMatrix halves = -0.5 * distances * distances;
    const XtMatrix of_rows = xt::mean(halves, {1}, now);
    const XtMatrix of_columns = xt::mean(halves, {0}, now);
    const XtMatrix of_all = xt::mean(of_rows, {0}, now);
    return halves - of_rows - of_columns + of_all;
}

// 1 or -1, so that the largest of the numbers becomes positive; the first of those that are as
// large but for rounding, which may differ between machines.
double sign_of(const xt::xtensor<double, 1>& numbers) {
    constexpr double kAsLarge = 1 - 1e-9;
    double largest = 0;
    for (const double number : numbers) largest = std::max(largest, std::abs(number));
    const auto first = std::find_if(numbers.begin(), numbers.end(), [&](double number) {
        return std::abs(number) >= kAsLarge * largest;
    });
    return first == numbers.end() ? 1 : std::copysign(1.0, *first);
}

}  // namespace

std::vector<std::array<double, 2>> place_in_plane(const Array<double>& distances) {
    const std::size_t n = distances.extent(0);
    std::vector<std::array<double, 2>> points(n, {0, 0});
    XtMatrix matrix = xt::zeros<double>({n, n});
    std::copy(distances.values().begin(), distances.values().end(), matrix.begin());
    if (!std::all_of(matrix.begin(), matrix.end(), [](double x) { return std::isfinite(x); })) {
        constexpr double nowhere = std::numeric_limits<double>::quiet_NaN();
        return std::vector<std::array<double, 2>>(n, {nowhere, nowhere});
    }
    // LAPACK gives the eigenvalues in rising order, and its bits depend on the number of threads.
    const SingleThreadedBlas blas;
    const ProductMemory memory;
    const auto [values, vectors] = xt::linalg::eigh(products_of(matrix));
    for (std::size_t axis = 0; axis < std::min<std::size_t>(2, n); ++axis) {
        const std::size_t column = n - 1 - axis;
        if (!(values(column) > 0)) continue;
        const xt::xtensor<double, 1> of_points = xt::view(vectors, xt::all(), column);
        const double factor = sign_of(of_points) * std::sqrt(values(column));
        for (std::size_t i = 0; i < n; ++i) points[i][axis] = factor * of_points(i);
    }
    return points;
}

}  // namespace attn::analysis
