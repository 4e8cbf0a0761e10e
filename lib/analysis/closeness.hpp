// How close what is expected comes to what was observed.
#pragma once

#include "analysis/pieces.hpp"
#include "analysis/rounding.hpp"

namespace attn::analysis {

// Gathered part by part.
class Closeness {
  public:
    // `unit` as of unit_of(). `saved`: the type of what was observed. `dropout`: what dropout
    // multiplied with, zeros besides; 0: it was off.
    Closeness(double unit, Rounding saved, double dropout);

    void add(const Faced& faced);

    // The largest distance from what was expected once it was rounded to the saved type, in units.
    double residual() const { return worst_ < kNoMatch ? worst_ / unit_ : kNoMatch; }

    // The largest distance from what was expected before it was, in steps of that type, float32
    // arithmetic aside: half a step is what saving does.
    double steps() const { return steps_; }

    // The same where a number was estimated from what was rounded: small ones move with the large.
    double blurred_steps() const { return blurred_steps_; }

    // The largest number, where zero is expected.
    double on_zeros() const { return on_zeros_; }

    // The sum of the squared distances.
    double square() const { return square_; }

    // Whether it is the rows' ups and downs that are explained: rows that are all alike come near
    // to many a matrix of small numbers.
    bool explains_variation() const;

    // Whether the distances neither follow what is expected, nor the place in the row. Rounding
    // knows neither.
    bool is_unbiased() const;

  private:
    void add_row(const double* expected, const double* seen, std::size_t count);

    double unit_;
    Rounding saved_;
    double dropout_;
    double worst_ = 0, steps_ = 0, blurred_steps_ = 0, on_zeros_ = 0;
    double square_ = 0, variation_ = 0, size_ = 0;
    double by_value_[2] = {0, 0}, by_place_[2] = {0, 0};  // products with the distances, squares
};

// Float32 arithmetic, in units.
constexpr double kExact = 1e-5;

}  // namespace attn::analysis
