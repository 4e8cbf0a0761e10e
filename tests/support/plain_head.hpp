// One head written out, as approximations see it: queries, keys, values and the exact weights.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>

#include "attention/approx/shapes.hpp"
#include "core/matrix.hpp"

namespace attn::test {

using attn::Matrix;

inline Matrix<double> random_matrix(std::size_t rows, std::size_t columns, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    Matrix<double> matrix(rows, columns);
    for (double& x : matrix.values) x = normal(random);
    return matrix;
}

// Rows that lie in memory.
class KeptRows final : public approx::ExactRows {
  public:
    KeptRows(Matrix<double> weights, bool causal, std::ptrdiff_t offset)
        : weights_(std::move(weights)), causal_(causal), offset_(offset) {}

    KeyRange allowed(std::size_t query) const {
        if (!causal_) return {0, weights_.columns};
        const std::ptrdiff_t seen = static_cast<std::ptrdiff_t>(query) + offset_ + 1;
        return {0, std::min(weights_.columns,
                            static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, seen)))};
    }
    void visit(std::size_t begin, std::size_t end, const Visit& visit) const override {
        for (std::size_t i = begin; i < end; ++i) {
            Row row;
            row.query = i;
            row.weights = weights_.row(i);
            row.allowed = allowed(i);
            visit(row);
        }
    }
    const Matrix<double>& weights() const { return weights_; }

  private:
    Matrix<double> weights_;
    bool causal_;
    std::ptrdiff_t offset_;
};

// softmax(scale q kᵀ) of the keys that a row may attend.
inline Matrix<double> plain_weights(MatrixView<const double> q, MatrixView<const double> k,
                                    double scale, bool causal, std::ptrdiff_t offset) {
    Matrix<double> weights(q.rows, k.rows);
    const KeptRows places(weights, causal, offset);
    for (std::size_t i = 0; i < q.rows; ++i) {
        const std::size_t end = places.allowed(i).end;
        double largest = -INFINITY, sum = 0;
        for (std::size_t j = 0; j < end; ++j) {
            double score = 0;
            for (std::size_t c = 0; c < q.columns; ++c) score += q.row(i)[c] * k.row(j)[c];
            weights.at(i, j) = scale * score;
            largest = std::max(largest, weights.at(i, j));
        }
        for (std::size_t j = 0; j < end; ++j)
            sum += weights.at(i, j) = std::exp(weights.at(i, j) - largest);
        for (std::size_t j = 0; j < end; ++j) weights.at(i, j) /= sum;
    }
    return weights;
}

struct PlainHead {
    Matrix<double> q, k, v;
    bool causal = false;
    std::ptrdiff_t offset = 0;
    double scale;
    KeptRows rows;

    PlainHead(Matrix<double> q_, Matrix<double> k_, Matrix<double> v_, bool causal_ = false,
              std::ptrdiff_t offset_ = 0)
        : q(std::move(q_)),
          k(std::move(k_)),
          v(std::move(v_)),
          causal(causal_),
          offset(offset_),
          scale(1 / std::sqrt(static_cast<double>(q.columns))),
          rows(plain_weights(q.view(), k.view(), scale, causal, offset), causal, offset) {}

    approx::HeadInput input(std::size_t head = 0) const {
        approx::HeadInput input;
        input.head = head;
        input.sizes = {q.rows, k.rows, q.columns, v.columns, offset};
        input.causal = input.masked = causal;
        input.scale = scale;
        input.q = q.view();
        input.k = k.view();
        input.v = v.view();
        input.exact = &rows;
        input.group = {&rows};
        return input;
    }
    // Weights of other queries and keys of the same head.
    Matrix<double> weights_of(const Matrix<double>& other_q, const Matrix<double>& other_k) const {
        return plain_weights(other_q.empty() ? q.view() : other_q.view(),
                             other_k.empty() ? k.view() : other_k.view(), scale, causal, offset);
    }
    // Factors as weights: masked and divided by their sums where they say so.
    Matrix<double> weights_of(const approx::Factors& factors) const {
        Matrix<double> weights(q.rows, k.rows);
        for (std::size_t i = 0; i < q.rows; ++i) {
            double sum = 0;
            for (std::size_t j = 0; j < k.rows; ++j) {
                if (factors.masked && !rows.allowed(i).contains(j)) continue;
                for (std::size_t t = 0; t < factors.right.rows; ++t)
                    weights.at(i, j) += factors.left.at(i, t) * factors.right.at(t, j);
                sum += weights.at(i, j);
            }
            for (double& w : weights.row(i)) w = factors.normalised ? (sum == 0 ? 0 : w / sum) : w;
        }
        return weights;
    }
};

inline double relative_error(const Matrix<double>& got, const Matrix<double>& expected) {
    double away = 0, all = 0;
    for (std::size_t i = 0; i < expected.values.size(); ++i) {
        away += std::pow(got.values.at(i) - expected.values[i], 2);
        all += std::pow(expected.values[i], 2);
    }
    return std::sqrt(away / all);
}

}  // namespace attn::test
