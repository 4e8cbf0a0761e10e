// Copies of queries and keys as methods want them: with the scale of the scores, half of it each,
// or without their mean.
#pragma once

#include <cmath>

#include "attention/approx/shapes.hpp"
#include "core/matrix.hpp"

namespace attn::approx {

inline Matrix<double> times(MatrixView<const double> x, double factor) {
    Matrix<double> scaled(x.rows, x.columns);
    for (std::size_t i = 0; i < x.rows; ++i) {
        for (std::size_t c = 0; c < x.columns; ++c) scaled.at(i, c) = factor * x.row(i)[c];
    }
    return scaled;
}

// Takes the mean of all rows from each.
inline void subtract_mean_row(Matrix<double>& x) {
    std::vector<double> mean(x.columns);
    for (std::size_t i = 0; i < x.rows; ++i) {
        for (std::size_t c = 0; c < x.columns; ++c) mean[c] += x.at(i, c);
    }
    for (double& sum : mean) sum /= static_cast<double>(x.rows);
    for (std::size_t i = 0; i < x.rows; ++i) {
        for (std::size_t c = 0; c < x.columns; ++c) x.at(i, c) -= mean[c];
    }
}

// sqrt(scale) q; of a negative scale the queries carry the sign.
inline Matrix<double> root_scaled_queries(const HeadInput& head) {
    return times(head.q, std::copysign(std::sqrt(std::abs(head.scale)), head.scale));
}

// sqrt(scale) k.
inline Matrix<double> root_scaled_keys(const HeadInput& head) {
    return times(head.k, std::sqrt(std::abs(head.scale)));
}

}  // namespace attn::approx
