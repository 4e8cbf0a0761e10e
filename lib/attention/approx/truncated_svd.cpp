#include "attention/approx/truncated_svd.hpp"

#include <algorithm>
#include <cmath>

#include "attention/approx/decompositions.hpp"

namespace attn::approx {

Matrix<double> whole_weights(const HeadInput& head) {
    Matrix<double> weights(head.sizes.queries, head.sizes.keys);
    head.exact->visit(0, head.sizes.queries, [&](const ExactRows::Row& row) {
        std::copy(row.weights.begin(), row.weights.end(), weights.row(row.query).begin());
    });
    return weights;
}

Factors truncated_svd(const Options& options, const HeadInput& head) {
    SingularValues parts = decompose(whole_weights(head).view());
    const std::size_t rank = std::min(options.whole("rank"), parts.values.size());
    Factors factors;
    factors.masked = false;
    factors.normalised = false;
    factors.left = Matrix<double>(parts.left.rows, rank);
    for (std::size_t i = 0; i < parts.left.rows; ++i) {
        for (std::size_t t = 0; t < rank; ++t)
            factors.left.at(i, t) = parts.left.at(i, t) * parts.values[t];
    }
    factors.right = Matrix<double>(rank, parts.right.columns);
    std::copy_n(parts.right.values.begin(), factors.right.values.size(),
                factors.right.values.begin());
    factors.singular_values = std::move(parts.values);
    return factors;
}

double rank_floor(const std::vector<double>& singular_values, std::size_t rank) {
    double left = 0, all = 0;
    for (std::size_t t = singular_values.size(); t-- > 0;) {  // the small ones first
        const double square = singular_values[t] * singular_values[t];
        all += square;
        if (t >= rank) left += square;
    }
    return all == 0 ? 0 : std::sqrt(left / all);
}

}  // namespace attn::approx
