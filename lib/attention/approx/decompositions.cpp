#include "attention/approx/decompositions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attention/blas.hpp"
#include "attention/product_memory.hpp"
#include "core/xtensor_blas.hpp"

namespace attn::approx {
namespace {

using Dense = xt::xtensor<double, 2>;

Dense dense_of(MatrixView<const double> a) {
    Dense dense = Dense::from_shape({a.rows, a.columns});
    for (std::size_t i = 0; i < a.rows; ++i) {
        std::copy(a.row(i).begin(), a.row(i).end(),
                  dense.begin() + static_cast<std::ptrdiff_t>(i * a.columns));
    }
    return dense;
}

bool is_finite(MatrixView<const double> a) {
    for (std::size_t i = 0; i < a.rows; ++i) {
        for (const double x : a.row(i)) {
            if (!std::isfinite(x)) return false;
        }
    }
    return true;
}

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

double dot(Span<const double> a, Span<const double> b) {
    double sum = 0;
    for (std::size_t c = 0; c < a.size(); ++c) sum += a[c] * b[c];
    return sum;
}

}  // namespace

SingularValues decompose(MatrixView<const double> a) {
    const std::size_t r = std::min(a.rows, a.columns);
    SingularValues parts{Matrix<double>(a.rows, r), std::vector<double>(r),
                         Matrix<double>(r, a.columns)};
    if (r == 0) return parts;
    if (!is_finite(a)) {  // LAPACK may search for ever
        for (auto* part : {&parts.left.values, &parts.values, &parts.right.values})
            std::fill(part->begin(), part->end(), kNotANumber);
        return parts;
    }
    const ProductMemory memory;
    const auto [left, values, right] = xt::linalg::svd(dense_of(a), false, true);
    for (std::size_t t = 0; t < r; ++t) {
        parts.values[t] = values(t);
        for (std::size_t i = 0; i < a.rows; ++i) parts.left.at(i, t) = left(i, t);
        for (std::size_t j = 0; j < a.columns; ++j) parts.right.at(t, j) = right(t, j);
    }
    return parts;
}

std::vector<double> singular_values(MatrixView<const double> a) {
    std::vector<double> all(std::min(a.rows, a.columns), kNotANumber);
    if (all.empty() || !is_finite(a)) return all;
    const ProductMemory memory;
    const auto parts = xt::linalg::svd(dense_of(a), false, false);
    for (std::size_t t = 0; t < all.size(); ++t) all[t] = std::get<1>(parts)(t);
    return all;
}

Matrix<double> product(MatrixView<const double> a, MatrixView<const double> b) {
    Matrix<double> c(a.rows, b.columns);
    if (!c.empty() && a.columns > 0)
        multiply(a, b, MatrixView<double>(c.values.data(), c.rows, c.columns));
    return c;
}

Matrix<double> product_transposed(MatrixView<const double> a, MatrixView<const double> b) {
    Matrix<double> c(a.rows, b.rows);
    if (!c.empty() && a.columns > 0)
        multiply_transposed(1.0, a, b, MatrixView<double>(c.values.data(), c.rows, c.columns));
    return c;
}

Matrix<double> transposed(MatrixView<const double> a) {
    Matrix<double> transposed(a.columns, a.rows);
    for (std::size_t i = 0; i < a.rows; ++i) {
        for (std::size_t j = 0; j < a.columns; ++j) transposed.at(j, i) = a.row(i)[j];
    }
    return transposed;
}

void make_orthonormal(Matrix<double>& rows, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
        const Span<double> row = rows.row(i);
        const auto fixed = [&] { return Span<const double>(row.data(), row.size()); };
        for (int pass = 0; pass < 2; ++pass) {  // the first leaves rounding behind
            for (std::size_t earlier = begin; earlier < i; ++earlier) {
                const Span<const double> other =
                    static_cast<const Matrix<double>&>(rows).row(earlier);
                const double along = dot(fixed(), other);
                for (std::size_t c = 0; c < row.size(); ++c) row[c] -= along * other[c];
            }
        }
        const double length = std::sqrt(dot(fixed(), fixed()));
        for (double& x : row) x /= length;
    }
}

}  // namespace attn::approx
