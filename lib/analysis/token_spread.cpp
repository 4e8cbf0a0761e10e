#include "analysis/token_spread.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "attention/blas.hpp"
#include "attention/blas_threads.hpp"
#include "attention/product_memory.hpp"
#include "core/xtensor_blas.hpp"

namespace attn::analysis {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
using Square = xt::xtensor<double, 2>;

// AᵀA of A [rows, columns].
Square gram(MatrixView<const double> a) {
    std::vector<double> values(a.columns * a.columns);
    multiply_transposed_first<double>(a, a, {values.data(), a.columns, a.columns});
    Square result = xt::zeros<double>({a.columns, a.columns});
    std::copy(values.begin(), values.end(), result.begin());
    return result;
}

bool is_finite(const Square& matrix) {
    return std::all_of(matrix.begin(), matrix.end(), [](double x) { return std::isfinite(x); });
}

// ‖X‖₂², from the smaller of the two products of X with itself.
double squared_norm(MatrixView<const double> x) {
    if (x.columns <= x.rows) {
        const Square product = gram(x);
        if (!is_finite(product)) return kUndefined;
        const xt::xtensor<double, 1> values = xt::linalg::eigvalsh(product);
        return values(values.size() - 1);
    }
    std::vector<double> transposed(x.rows * x.columns);
    for (std::size_t row = 0; row < x.rows; ++row)
        for (std::size_t column = 0; column < x.columns; ++column)
            transposed[column * x.rows + row] = x.row(row)[column];
    return squared_norm({transposed.data(), x.columns, x.rows});
}

}  // namespace

TokenSpread token_spread(MatrixView<const double> rows) {
    const SingleThreadedBlas blas;
    const ProductMemory memory;
    const auto n = static_cast<double>(rows.rows);
    std::vector<double> mean(rows.columns, 0), direction(rows.columns, 0);
    double squares = 0;
    bool lengths = true;
    for (std::size_t row = 0; row < rows.rows; ++row) {
        double own = 0;
        for (const double value : rows.row(row)) own += value * value;
        squares += own;
        lengths = lengths && own > 0;
        for (std::size_t i = 0; i < rows.columns; ++i) {
            mean[i] += rows.row(row)[i] / n;
            if (own > 0) direction[i] += rows.row(row)[i] / std::sqrt(own);
        }
    }
    double residual = 0, together = 0;
    for (std::size_t row = 0; row < rows.rows; ++row)
        for (std::size_t i = 0; i < rows.columns; ++i)
            residual += (rows.row(row)[i] - mean[i]) * (rows.row(row)[i] - mean[i]);
    for (const double value : direction) together += value * value;
    TokenSpread spread{kUndefined, kUndefined, kUndefined};
    if (!std::isfinite(squares) || !(squares > 0)) return spread;
    spread.rank_residual = std::sqrt(residual / squares);
    if (rows.rows > 1 && lengths) spread.token_cosine = (together - n) / (n * (n - 1));
    spread.stable_rank = squares / squared_norm(rows);
    return spread;
}

template <class T>
Array<double> head_of(const Array<T>& W, MatrixOrder order, std::size_t head, std::size_t d_head) {
    const bool is_in_out = order == MatrixOrder::in_out;
    const std::size_t d_in = W.extent(is_in_out ? 0 : 1);
    const std::size_t width = W.extent(is_in_out ? 1 : 0);
    std::vector<double> values(d_in * d_head);
    for (std::size_t row = 0; row < d_in; ++row) {
        for (std::size_t i = 0; i < d_head; ++i) {
            const std::size_t column = head * d_head + i;
            const std::size_t at = is_in_out ? row * width + column : column * d_in + row;
            values[row * d_head + i] = static_cast<double>(W.data()[at]);
        }
    }
    return {Shape{d_in, d_head}, std::move(values)};
}

double product_norm(const Array<double>& a, const Array<double>& b) {
    const SingleThreadedBlas blas;
    const ProductMemory memory;
    const std::size_t d = a.extent(1);
    const Square of_a = gram({a.data(), a.extent(0), d});
    const Square of_b = gram({b.data(), b.extent(0), d});
    if (!is_finite(of_a) || !is_finite(of_b)) return kUndefined;
    // AᵀA = V diag(λ) Vᵀ, so that the eigenvalues are those of the symmetric
    // diag(√λ) Vᵀ (BᵀB) V diag(√λ).
    const auto [values, vectors] = xt::linalg::eigh(of_a);
    Square scaled = vectors;
    for (std::size_t column = 0; column < d; ++column)
        for (std::size_t row = 0; row < d; ++row)
            scaled(row, column) *= std::sqrt(std::max(0.0, values(column)));
    const Square half = xt::linalg::dot(of_b, scaled);
    const Square transposed = xt::transpose(scaled);
    Square product = xt::linalg::dot(transposed, half);
    const Square other = xt::transpose(product);
    product = (product + other) / 2;
    const xt::xtensor<double, 1> all = xt::linalg::eigvalsh(product);
    return std::sqrt(std::max(0.0, all(all.size() - 1)));
}

template Array<double> head_of(const Array<float>&, MatrixOrder, std::size_t, std::size_t);
template Array<double> head_of(const Array<double>&, MatrixOrder, std::size_t, std::size_t);

}  // namespace attn::analysis
