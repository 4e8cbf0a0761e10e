#include "attention/approx/lowrank.hpp"

#include <algorithm>

#include "attention/approx/decompositions.hpp"
#include "core/first_columns.hpp"

namespace attn::approx {
namespace {

// diag(values) · right.
Matrix<double> weighted(const SingularValues& parts) {
    Matrix<double> rows = parts.right;
    for (std::size_t t = 0; t < rows.rows; ++t) {
        for (double& x : rows.row(t)) x *= parts.values[t];
    }
    return rows;
}

// The first columns, each times a factor of its own.
Matrix<double> scaled_columns(const Matrix<double>& a, std::size_t count,
                              const std::vector<double>& factors) {
    Matrix<double> cut(a.rows, count);
    for (std::size_t i = 0; i < a.rows; ++i) {
        for (std::size_t t = 0; t < count; ++t) cut.at(i, t) = a.at(i, t) * factors[t];
    }
    return cut;
}

// rightᵀ / values · middle: what turns the rows that were decomposed into left · middle.
Matrix<double> projection_to(const SingularValues& parts, const Matrix<double>& middle) {
    Matrix<double> directions = parts.right;
    for (std::size_t t = 0; t < directions.rows; ++t) {
        const double value = parts.values[t];
        const bool rounding = value <= 1e-15 * parts.values[0];
        for (double& x : directions.row(t)) x = rounding ? 0 : x / value;
    }
    return product(transposed(directions.view()).view(), middle.view());
}

// Short queries and keys before they are multiplied with the left singular vectors of either.
struct ShortMiddle {
    SingularValues q, k;
    Matrix<double> of_queries, of_keys;
};

ShortMiddle short_middle(const HeadInput& head, std::size_t rank) {
    // q kᵀ = U_q (S_q V_qᵀ V_k S_k) U_kᵀ, and the middle is at most [d, d].
    ShortMiddle parts{decompose(head.q), decompose(head.k), {}, {}};
    const Matrix<double> left = weighted(parts.q), right = weighted(parts.k);
    const SingularValues middle = decompose(product_transposed(left.view(), right.view()).view());
    rank = std::min(rank, middle.values.size());
    parts.of_queries = scaled_columns(middle.left, rank, middle.values);
    parts.of_keys = first_columns(transposed(middle.right.view()), rank);
    return parts;
}

}  // namespace

ChangedInputs shortened(const HeadInput& head, std::size_t rank) {
    const ShortMiddle parts = short_middle(head, rank);
    ChangedInputs changed;
    changed.q = product(parts.q.left.view(), parts.of_queries.view());
    changed.k = product(parts.k.left.view(), parts.of_keys.view());
    return changed;
}

ShortProjections short_projections(const HeadInput& head, std::size_t rank) {
    const ShortMiddle parts = short_middle(head, rank);
    return {projection_to(parts.q, parts.of_queries), projection_to(parts.k, parts.of_keys)};
}

ShortValues short_values(const HeadInput& head, std::size_t rank) {
    const SingularValues parts = decompose(head.v);
    rank = std::min(rank, parts.values.size());
    ShortValues values{scaled_columns(parts.left, rank, parts.values),
                       Matrix<double>(rank, parts.right.columns)};
    std::copy_n(parts.right.values.begin(), values.directions.values.size(),
                values.directions.values.begin());
    return values;
}

ChangedInputs lowrank_scores(const Options& options, const HeadInput& head) {
    return shortened(head, options.whole("rank"));
}

ChangedInputs lowrank_values(const Options& options, const HeadInput& head) {
    const ShortValues parts = short_values(head, options.whole("rank"));
    ChangedInputs changed;
    changed.v = product(parts.coordinates.view(), parts.directions.view());
    return changed;
}

}  // namespace attn::approx
