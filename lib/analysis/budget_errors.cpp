#include "analysis/budget_errors.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace attn::analysis {
namespace {

using Row = approx::ExactRows::Row;

double square_sum(Span<const double> values) {
    return std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
}

void add_times(std::vector<double>& sum, double weight, Span<const double> values) {
    for (std::size_t c = 0; c < sum.size(); ++c) sum[c] += weight * values[c];
}

// weights [keys] times values [keys, d], over the keys from `begin` on.
std::vector<double> weighted_values(Span<const double> weights, KeyRange keys,
                                    MatrixView<const double> values) {
    std::vector<double> context(values.columns);
    for (std::size_t j = keys.begin; j < keys.end; ++j) {
        if (weights[j] != 0) add_times(context, weights[j], values.row(j));
    }
    return context;
}

double square_distance(const std::vector<double>& a, double times, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t c = 0; c < b.size(); ++c) {
        const double away = times * a[c] - b[c];
        sum += away * away;
    }
    return sum;
}

// What the kept keys of a row sum up to, so far.
struct KeptSums {
    double mass = 0;
    double squares = 0;             // of the weights
    std::vector<double> context{};  // weights times values
};

// What a row that is renormalised over the kept keys is away.
double away_of(const NeedsError& error, const Row& row, const KeptSums& kept, const KeptSums& all) {
    const double divisor = kept.mass + row.missing;
    const double times = kept.mass == 0 ? 0 : 1 / divisor;
    switch (error.measure()) {
        case NeedsMeasure::mass:
            return std::max(0.0, all.mass - kept.mass);
        case NeedsMeasure::weights:
            return (times - 1) * (times - 1) * kept.squares + (all.squares - kept.squares);
        case NeedsMeasure::context:
        case NeedsMeasure::output:
            break;
    }
    return square_distance(kept.context, times, error.context());
}

}  // namespace

void NeedsError::add_exact(const Row& row) {
    ++rows_;
    if (needs_context()) {
        context_ = weighted_values(row.weights, row.allowed, values_);
        exact_ += square_sum(context_);
    } else if (measure_ == NeedsMeasure::weights) {
        exact_ += square_sum(row.weights);
    }
}

double NeedsError::of(double away) const {
    if (measure_ == NeedsMeasure::mass) return rows_ == 0 ? 0 : away / static_cast<double>(rows_);
    const double exact = norm_ ? *norm_ : std::sqrt(exact_);
    const double distance = std::sqrt(std::max(0.0, away));
    return distance == 0 ? 0 : distance / exact;
}

void BudgetErrors::add(const Row& row, const std::vector<Reached>& keys) {
    error_.add_exact(row);
    KeptSums all, kept;
    std::size_t allowed = 0;
    for (std::size_t j = row.allowed.begin; j < row.allowed.end; ++j) {
        allowed += row.may_attend(j);
        all.mass += row.weights[j];
        all.squares += row.weights[j] * row.weights[j];
    }
    if (error_.needs_context()) kept.context.resize(error_.values().columns);
    std::size_t next = 0;  // of the keys
    for (std::size_t budget = 1; budget <= top();) {
        for (; next < keys.size() && keys[next].budget <= budget; ++next) {
            const double weight = row.weights[keys[next].key];
            kept.mass += weight;
            kept.squares += weight * weight;
            if (error_.needs_context())
                add_times(kept.context, weight, error_.values().row(keys[next].key));
        }
        // With all keys a row is what it was, whatever rounding says.
        const double away = next == allowed ? 0 : away_of(error_, row, kept, all);
        const std::size_t until =
            next < keys.size() ? std::min(keys[next].budget, top() + 1) : top() + 1;
        for (; budget < until; ++budget) away_[budget - 1] += away;
    }
}

void ChangedError::add(const Row& row, Span<const double> implied) {
    error_.add_exact(row);
    if (error_.needs_context()) {
        const MatrixView<const double> values =
            other_values_.empty() ? error_.values() : other_values_;
        const auto context = weighted_values(implied, row.allowed, values);
        away_ += square_distance(context, 1, error_.context());
        return;
    }
    for (std::size_t j = row.allowed.begin; j < row.allowed.end; ++j) {
        const double exact = row.weights[j], other = implied[j];
        const double lost = exact - std::min(exact, std::max(other, 0.0));
        away_ += error_.measure() == NeedsMeasure::mass ? lost : (other - exact) * (other - exact);
    }
}

}  // namespace attn::analysis
