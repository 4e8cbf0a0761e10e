// Where and how an observation differs from what was asked for; and the numbers in it that are
// none.
#pragma once

#include <limits>
#include <vector>

#include "analysis/pieces.hpp"

namespace attn::analysis {

struct NonFinite {
    std::size_t nan = 0, infinite = 0;
    Shape first;                 // the place of the first, an index for each axis
    std::size_t whole_rows = 0;  // rows that are NaN as a whole
    std::vector<Shape> rows;     // the first few of them, without the last axis
    std::size_t in_parts = 0;    // NaN in rows that are not

    std::size_t count() const { return nan + infinite; }
};

// Masked scores are not counted: -inf is what they are.
NonFinite find_non_finite(const Observation& observation);

// An axis: how many of its indices hold numbers that differ, and the first and last of them.
struct Affected {
    std::size_t count = 0, of = 0, first = 0, last = 0;
};

struct Differences {
    std::size_t differing = 0;  // numbers farther away than their tolerance
    std::size_t cells = 0;
    // The number that is farthest away in tolerances, the first of several:
    Shape place;  // an index for each axis
    double expected = 0, observed = 0;

    double typical = 0;     // the root of the mean square, of the numbers that differ
    double largest = 0;     // absolute
    std::size_t above = 0;  // of those that differ: observed is larger
    // What most of those that differ are times the expected: 0 where they are not so for the most
    // part.
    double ratio = 0;
    // Axes of `place`: sequences, heads, queries, keys; of outputs sequences, queries, columns.
    std::vector<Affected> axes;
    // What rows of weights add up to, NaN aside.
    double lowest_sum = std::numeric_limits<double>::infinity();
    double highest_sum = -std::numeric_limits<double>::infinity();
    bool finite_agree = true;  // all that is neither NaN nor infinite is as expected
};

// Gathered part by part, of the right computation.
class DifferenceCount {
  public:
    // Tolerances where something and where zero is expected; of numbers of a rounded type half a
    // step of it more.
    DifferenceCount(const Observation& observation, double tolerance, double of_zeros,
                    Rounding saved);
    void add(const Piece& piece, const Faced& faced);
    Differences differences() const;

  private:
    // How many times farther than allowed; above 1: different.
    double times_allowed(double away, double expected) const;

    const Observation& observation_;
    double tolerance_, of_zeros_;
    Rounding saved_;
    double farthest_ = -1;
    double square_ = 0;
    std::vector<double> ratios_;                    // of some that differ
    std::vector<std::vector<std::size_t>> counts_;  // of each axis
    Differences result_;
};

}  // namespace attn::analysis
