// How far an approximation of attention is from the exact one: of a row, of a head, of a layer
// (APPROX section 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace attn::analysis {

constexpr double kNoMeasure = std::numeric_limits<double>::quiet_NaN();

// What one row gives. NaN: it has none.
struct RowError {
    std::size_t query = 0;
    double weights_squares = 0, weights_error_squares = 0;
    double context_squares = kNoMeasure, context_error_squares = kNoMeasure;
    double cosine = kNoMeasure;
    double mass = 0, kept_mass = 0, tv = 0;  // mass: of exact attention, less with a sink
    double kl = kNoMeasure, js = kNoMeasure;
    double top1 = 0, top = 0;  // of the largest keys
    double row_sum_error = 0, negative_mass = 0, leak = 0;
    std::size_t cells = 0, kept = 0;  // allowed, and kept by the method
};

// Numbers of a head, a layer or a run; NaN: not defined.
struct ApproxMeasures {
    double context_error = kNoMeasure, weights_error = kNoMeasure;
    double kept_mass = kNoMeasure, kept_mass_min = kNoMeasure, kept_mass_min_row = kNoMeasure;
    double lost_mass = kNoMeasure;  // of exact attention, which with a sink has less than 1
    double tv = kNoMeasure, kl = kNoMeasure, js = kNoMeasure;
    double top1 = kNoMeasure, top8 = kNoMeasure, cosine = kNoMeasure;
    double worst_row_error = kNoMeasure, worst_row = kNoMeasure;
    double row_sum_error = kNoMeasure, negative_mass = kNoMeasure, causal_leak = kNoMeasure;
    double cells = kNoMeasure, density = kNoMeasure;
    double output_error = kNoMeasure;
    double output_share = kNoMeasure, mean_error = kNoMeasure;  // where heads are dropped
    double pinv_residual = kNoMeasure;                          // of Nystrom's inverse
    double flops = kNoMeasure, exact_flops = kNoMeasure, flops_ratio = kNoMeasure;
    double kept_bytes = kNoMeasure, kept_ratio = kNoMeasure;
    double read_bytes = kNoMeasure, read_ratio = kNoMeasure;
    double pays_from = kNoMeasure;
    double time = kNoMeasure, time_ratio = kNoMeasure;  // of layers
};

struct ApproxMeasure {
    const char* name;
    double ApproxMeasures::*value;
    bool whole;  // a count or a place
    const char* meaning;
};

// All of them, in the order of columns.
const std::vector<ApproxMeasure>& approx_measures();

// Throws Error, with the nearest name, for an unknown one.
const ApproxMeasure& find_approx_measure(const std::string& name, const std::string& flag);

// Rows folded in their order.
class ErrorSums {
  public:
    void add(const RowError& row);
    // Behind the rows so far.
    void add(const ErrorSums& more);

    std::size_t rows() const { return rows_; }
    std::uint64_t cells() const { return cells_; }
    std::uint64_t kept() const { return kept_; }
    std::uint64_t last_cells() const { return last_cells_; }
    std::uint64_t last_kept() const { return last_kept_; }

    double weights_squares() const { return weights_squares_; }
    double weights_error_squares() const { return weights_error_squares_; }
    double context_squares() const { return context_squares_; }  // NaN without contexts
    double context_error_squares() const { return context_error_squares_; }

    // `counts_cells`: whether cells and density are the method's. Costs are left out.
    ApproxMeasures measures(bool counts_cells) const;

  private:
    std::size_t rows_ = 0;
    double weights_squares_ = 0, weights_error_squares_ = 0;
    double context_squares_ = 0, context_error_squares_ = 0;
    double mass_ = 0, kept_mass_ = 0, tv_ = 0, kl_ = 0, js_ = 0, top1_ = 0, top_ = 0, cosine_ = 0;
    std::size_t cosine_rows_ = 0;
    double kept_mass_min_ = std::numeric_limits<double>::infinity();
    std::size_t kept_mass_min_row_ = 0;
    double worst_ = -1;
    std::size_t worst_row_ = 0;
    double row_sum_error_ = 0, negative_mass_ = 0, leak_ = 0;
    std::uint64_t cells_ = 0, kept_ = 0, last_cells_ = 0, last_kept_ = 0;
};

// The relative error of two sums of squares; 0 where both are 0.
double relative_error(double error_squares, double squares);

// Several heads together: Frobenius errors pool, worst and min are those of the worst head, counts
// add, the rest are means. `worst_head` and `min_head` become the places of those heads in the
// lists.
ApproxMeasures pooled_measures(const std::vector<const ErrorSums*>& sums,
                               const std::vector<const ApproxMeasures*>& heads,
                               std::size_t& worst_head, std::size_t& min_head);

}  // namespace attn::analysis
