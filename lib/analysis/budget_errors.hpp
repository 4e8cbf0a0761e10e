// The error of one head at every budget of a kind at once: rows are sorted by when a budget reaches
// their keys, and sums grow key by key.
#pragma once

#include <optional>
#include <vector>

#include "attention/approx/head_input.hpp"
#include "attention/approx/shapes.hpp"

namespace attn::analysis {

// What is held against a target. output: of the layer, with W_O; mass: weights lost, a row.
enum class NeedsMeasure { context, weights, output, mass };

// How far implied weights are from the exact ones by one measure, summed over rows.
class NeedsError {
  public:
    // Values [keys, d]: context errors are those of weights times them. Without values only weights
    // and mass can be measured. `norm`: what context errors are divided by; by default the norm of
    // what is exact.
    NeedsError(NeedsMeasure measure, MatrixView<const double> values, std::optional<double> norm)
        : measure_(measure), values_(values), norm_(norm) {}

    // Counts a row in: what it is exact.
    void add_exact(const approx::ExactRows::Row& row);
    // The error of the counted rows, given the sum of what they are away.
    double of(double away) const;

    NeedsMeasure measure() const { return measure_; }
    bool needs_context() const {
        return measure_ == NeedsMeasure::context || measure_ == NeedsMeasure::output;
    }
    MatrixView<const double> values() const { return values_; }
    // The context of the row counted last.
    const std::vector<double>& context() const { return context_; }

  private:
    NeedsMeasure measure_;
    MatrixView<const double> values_;
    std::optional<double> norm_;
    std::vector<double> context_;
    double exact_ = 0;  // squares of what is exact
    std::size_t rows_ = 0;
};

// Budgets 1 … top of one head.
class BudgetErrors {
  public:
    BudgetErrors(NeedsError error, std::size_t top) : error_(std::move(error)), away_(top) {}

    // A key and the smallest budget that keeps it; 0 counts as 1.
    struct Reached {
        std::size_t budget;
        std::size_t key;
    };
    // The allowed keys of the row in rising order of budgets; those left out are never kept.
    void add(const approx::ExactRows::Row& row, const std::vector<Reached>& keys);

    std::size_t top() const { return away_.size(); }
    double at(std::size_t budget) const { return error_.of(away_[budget - 1]); }

  private:
    NeedsError error_;
    std::vector<double> away_;
};

// The error of other weights, row by row. `other_values` stand in for the values; empty: the same.
class ChangedError {
  public:
    ChangedError(NeedsError error, MatrixView<const double> other_values)
        : error_(std::move(error)), other_values_(other_values) {}

    void add(const approx::ExactRows::Row& row, Span<const double> implied);
    double get() const { return error_.of(away_); }

  private:
    NeedsError error_;
    MatrixView<const double> other_values_;
    double away_ = 0;
};

}  // namespace attn::analysis
