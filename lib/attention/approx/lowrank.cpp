#include "attention/approx/lowrank.hpp"

#include <algorithm>

#include "attention/approx/decompositions.hpp"

namespace attn::approx {
namespace {

// diag(values) · right.
Matrix weighted(const SingularValues& parts) {
    Matrix rows = parts.right;
    for (std::size_t t = 0; t < rows.rows; ++t) {
        for (double& x : rows.row(t)) x *= parts.values[t];
    }
    return rows;
}

// The first columns, each times a factor of its own.
Matrix first_columns(const Matrix& a, std::size_t count, const std::vector<double>& factors) {
    Matrix cut(a.rows, count);
    for (std::size_t i = 0; i < a.rows; ++i) {
        for (std::size_t t = 0; t < count; ++t) cut.at(i, t) = a.at(i, t) * factors[t];
    }
    return cut;
}

}  // namespace

ChangedInputs shortened(const HeadInput& head, std::size_t rank) {
    // q kᵀ = U_q (S_q V_qᵀ V_k S_k) U_kᵀ, and the middle is at most [d, d].
    const SingularValues q = decompose(head.q);
    const SingularValues k = decompose(head.k);
    const Matrix left = weighted(q), right = weighted(k);
    const SingularValues middle = decompose(product_transposed(left.view(), right.view()).view());
    rank = std::min(rank, middle.values.size());
    const std::vector<double> ones(rank, 1);
    const Matrix of_queries = first_columns(middle.left, rank, middle.values);
    const Matrix of_keys = first_columns(transposed(middle.right.view()), rank, ones);
    ChangedInputs changed;
    changed.q = product(q.left.view(), of_queries.view());
    changed.k = product(k.left.view(), of_keys.view());
    return changed;
}

ChangedInputs lowrank_scores(const Options& options, const HeadInput& head) {
    return shortened(head, options.whole("rank"));
}

ChangedInputs lowrank_values(const Options& options, const HeadInput& head) {
    const SingularValues parts = decompose(head.v);
    const std::size_t rank = std::min(options.whole("rank"), parts.values.size());
    const Matrix left = first_columns(parts.left, rank, parts.values);
    ChangedInputs changed;
    changed.v = product(left.view(), MatrixView<const double>(parts.right.values.data(), rank,
                                                              parts.right.columns));
    return changed;
}

}  // namespace attn::approx
