#include "analysis/budget_errors.hpp"

#include <catch2/catch.hpp>

#include "support/plain_head.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;
using Row = approx::ExactRows::Row;

namespace {

// The weights of the k largest keys of each row, renormalised.
Matrix<double> largest_of(const Matrix<double>& weights, std::size_t k) {
    Matrix<double> kept(weights.rows, weights.columns);
    for (std::size_t i = 0; i < weights.rows; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < weights.columns; ++j) {
            std::size_t larger = 0;
            for (const double other : weights.row(i)) larger += other > weights.at(i, j);
            if (larger < k) sum += kept.at(i, j) = weights.at(i, j);
        }
        for (double& w : kept.row(i)) w /= sum;
    }
    return kept;
}

BudgetErrors errors_of_largest(const PlainHead& head, NeedsMeasure measure) {
    BudgetErrors errors(NeedsError(measure, head.v.view(), std::nullopt), head.k.rows);
    head.rows.visit(0, head.q.rows, [&](const Row& row) {
        std::vector<BudgetErrors::Reached> keys;
        for (std::size_t j = 0; j < row.allowed.end; ++j) keys.push_back({0, j});
        std::sort(keys.begin(), keys.end(), [&](const auto& a, const auto& b) {
            return row.weights[a.key] > row.weights[b.key];
        });
        for (std::size_t t = 0; t < keys.size(); ++t) keys[t].budget = t + 1;
        errors.add(row, keys);
    });
    return errors;
}

}  // namespace

TEST_CASE("errors of all budgets are those of each by itself") {
    const PlainHead head(random_matrix(6, 3, 1), random_matrix(8, 3, 2), random_matrix(8, 2, 3),
                         true, 1);
    const BudgetErrors contexts = errors_of_largest(head, NeedsMeasure::context);
    const BudgetErrors weights = errors_of_largest(head, NeedsMeasure::weights);
    const BudgetErrors mass = errors_of_largest(head, NeedsMeasure::mass);
    const auto context_of = [&](const Matrix<double>& w) {
        Matrix<double> context(w.rows, head.v.columns);
        for (std::size_t i = 0; i < w.rows; ++i) {
            for (std::size_t j = 0; j < w.columns; ++j) {
                for (std::size_t c = 0; c < context.columns; ++c)
                    context.at(i, c) += w.at(i, j) * head.v.at(j, c);
            }
        }
        return context;
    };
    const Matrix<double>& exact = head.rows.weights();
    for (std::size_t k = 1; k <= 8; ++k) {
        const Matrix<double> kept = largest_of(exact, k);
        double lost = 0;
        for (std::size_t i = 0; i < exact.values.size(); ++i)
            lost += exact.values[i] - std::min(exact.values[i], kept.values[i]);
        CHECK(weights.at(k) == Approx(relative_error(kept, exact)).margin(1e-12));
        CHECK(contexts.at(k) ==
              Approx(relative_error(context_of(kept), context_of(exact))).margin(1e-12));
        CHECK(mass.at(k) == Approx(lost / 6).margin(1e-12));
        // The same weights, counted as if they were somebody else's.
        ChangedError changed(NeedsError(NeedsMeasure::context, head.v.view(), std::nullopt), {});
        head.rows.visit(0, 6, [&](const Row& row) { changed.add(row, kept.row(row.query)); });
        CHECK(changed.get() == Approx(contexts.at(k)).margin(1e-12));
    }
    CHECK(contexts.at(8) == 0);  // and not nearly
}
