// How close what is expected comes to what was observed.
#pragma once

#include "analysis/pieces.hpp"
#include "analysis/rounding.hpp"

namespace attn::analysis {

// Float32 arithmetic, in units.
constexpr double kExact = 1e-5;

// What dropout multiplied with, zeros besides; 0: it was off. `in_rows`: not in those that are as
// expected without it.
struct Dropout {
    Dropout(double all_rows = 0) : factor(all_rows) {}
    Dropout(double some, bool in_some_rows) : factor(some), in_rows(in_some_rows) {}

    double factor;
    bool in_rows = false;
};

// Whether all numbers of the row that begins at `first` are as expected.
bool row_agrees(const Faced& faced, std::size_t first, Rounding saved);

// Gathered part by part.
class Closeness {
  public:
    // `unit` as of unit_of(). `saved`: the type of what was observed. `weights`: they
    // are weights, whose errors are as small as they are.
    Closeness(double unit, Rounding saved, Dropout dropout, bool weights = false);

    void add(const Faced& faced);

    // The largest distance from what was expected once it was rounded to the saved type, in units.
    double residual() const { return worst_ < kNoMatch ? worst_ / unit_ : kNoMatch; }

    // The largest distance from what was expected before it was, in steps of that type, float32
    // arithmetic aside: half a step is what saving does.
    double steps() const { return steps_; }

    // Whether all errors are those of float32, at every magnitude.
    bool is_float32() const { return worst_over_ <= 0; }

    // Whether numbers of float32 were rounded to the saved type, and nothing else.
    bool is_saved() const { return beyond() <= kAtEdges && worst_over_ <= 0; }

    // The share of the numbers that are not the nearest of the saved type.
    double beyond() const { return cells_ > 0 ? beyond_ / cells_ : 0; }

    // The same where a number was estimated from what was rounded: small ones move with the large.
    double blurred_steps() const { return blurred_steps_; }

    // The largest number, where zero is expected.
    double on_zeros() const { return on_zeros_; }

    // Whether a weight is zero that the saved type could hold.
    bool has_vanished() const { return vanished_; }

    // The sum of the squared distances.
    double square() const { return square_; }

    // Whether it is the rows' ups and downs that are explained: rows that are all alike come near
    // to many a matrix of small numbers.
    bool explains_variation() const;

    // Whether the distances neither follow what is expected, nor the place in the row. Rounding
    // knows neither.
    bool is_unbiased() const;

  private:
    // Float32 arithmetic puts few numbers on the other side of the middle of two neighbours.
    static constexpr double kAtEdges = 0.03;

    void add_row(const double* expected, const double* seen, std::size_t count);
    void add_cell(double expected, double seen);
    double allowance(double expected) const;

    double unit_;
    Rounding saved_;
    Dropout dropout_;
    bool weights_;
    double worst_ = 0, steps_ = 0, blurred_steps_ = 0, on_zeros_ = 0;
    bool vanished_ = false;
    double worst_over_ = -kNoMatch;  // of the distances beyond what float32 and saving do
    double beyond_ = 0, cells_ = 0;
    double square_ = 0, variation_ = 0, size_ = 0;
    double by_value_[2] = {0, 0}, by_place_[2] = {0, 0};  // products with the distances, squares
};

}  // namespace attn::analysis
