#include "attention/approx/performer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attention/approx/decompositions.hpp"
#include "attention/approx/philox.hpp"
#include "attention/approx/scaled_inputs.hpp"

namespace attn::approx {
namespace {

std::vector<double> half_squares(const Matrix<double>& x) {
    std::vector<double> halves(x.rows);
    for (std::size_t i = 0; i < x.rows; ++i) {
        for (const double value : x.row(i)) halves[i] += value * value / 2;
    }
    return halves;
}

double largest(Span<const double> values) {
    return *std::max_element(values.begin(), values.end());
}

// `left` holds ω·q', `right` ω·k' - ‖k'‖²/2. ‖q'‖² is the same for a whole row and cancels.
void exponentiate(Matrix<double>& left, Matrix<double>& right) {
    std::vector<double> largest_key(right.rows);
    for (std::size_t t = 0; t < right.rows; ++t) {
        const double beta = largest(static_cast<const Matrix<double>&>(right).row(t));
        largest_key[t] = beta;
        for (double& b : right.row(t)) b = std::exp(b - beta);
    }
    for (std::size_t i = 0; i < left.rows; ++i) {
        const Span<double> row = left.row(i);
        for (std::size_t t = 0; t < row.size(); ++t) row[t] += largest_key[t];
        const double alpha = largest(static_cast<const Matrix<double>&>(left).row(i));
        for (double& a : row) a = std::exp(a - alpha);
    }
}

// Both hold ω·x'. The shift of a query is its largest feature, that of the keys the largest of the
// whole head.
void exponentiate_above(double eps, Matrix<double>& left, const std::vector<double>& half_queries,
                        Matrix<double>& right, const std::vector<double>& half_keys) {
    for (std::size_t i = 0; i < left.rows; ++i) {
        const double shift =
            half_queries[i] + largest(static_cast<const Matrix<double>&>(left).row(i));
        for (double& a : left.row(i)) a = std::exp(a - shift) + eps;
    }
    const double of_head = largest(right.values);
    for (std::size_t t = 0; t < right.rows; ++t) {
        const Span<double> row = right.row(t);
        for (std::size_t j = 0; j < row.size(); ++j)
            row[j] = std::exp(row[j] - half_keys[j] - of_head) + eps;
    }
}

}  // namespace

Matrix<double> performer_directions(const PerformerDraw& draw, std::size_t d, std::size_t head,
                                    std::size_t layer) {
    const std::size_t m = draw.features;
    const RandomStream directions(draw.seed, Purpose::performer_directions, head, layer,
                                  draw.redraw);
    Matrix<double> rows(m, d);
    rows.values = directions.normals(m * d);
    if (!draw.orthogonal) return rows;
    for (std::size_t begin = 0; begin < m; begin += d)
        make_orthonormal(rows, begin, std::min(begin + d, m));
    // Lengths must not depend on the directions, so they come from numbers of their own.
    const RandomStream lengths(draw.seed, Purpose::performer_norms, head, layer, draw.redraw);
    const std::vector<double> drawn = lengths.normals(m * d);
    for (std::size_t t = 0; t < m; ++t) {
        double square = 0;
        for (std::size_t c = 0; c < d; ++c) square += drawn[t * d + c] * drawn[t * d + c];
        for (double& x : rows.row(t)) x *= std::sqrt(square);
    }
    return rows;
}

Factors performer(const Options& options, const HeadInput& head) {
    const PerformerDraw draw{options.whole("features"), options.flag("orthogonal"), options.seed(),
                             options.whole("redraw")};
    const Matrix<double> directions =
        performer_directions(draw, head.sizes.d_head, head.head, head.layer);
    const Matrix<double> q = root_scaled_queries(head);
    const Matrix<double> k = root_scaled_keys(head);
    Factors factors;
    factors.left = product_transposed(q.view(), directions.view());
    factors.right = product_transposed(directions.view(), k.view());
    const std::vector<double> half_keys = half_squares(k);
    const double eps = options.real("eps");
    if (eps > 0) {
        exponentiate_above(eps, factors.left, half_squares(q), factors.right, half_keys);
    } else {
        for (std::size_t t = 0; t < factors.right.rows; ++t) {
            for (std::size_t j = 0; j < factors.right.columns; ++j)
                factors.right.at(t, j) -= half_keys[j];
        }
        exponentiate(factors.left, factors.right);
    }
    return factors;
}

}  // namespace attn::approx
