// Whether what is left of an observation follows a number that could be wrong: rounding follows
// none.
#pragma once

#include <cstddef>
#include <vector>

namespace attn::analysis {

// Gathered row by row. Each row counts once: what rounding did to a query moves its whole row.
class Drift {
  public:
    // `unit` as of unit_of().
    explicit Drift(double unit) : unit_(unit) {}

    // One row: what is expected, what is expected when the number is larger by the share `step` of
    // itself, and what is left beside the expected.
    void add_row(const double* expected, const double* moved, const double* left, std::size_t count,
                 double step);

    // By what share of itself the number would have to change.
    double change() const;

    // Whether it is more than chance and float32 do.
    bool is_real() const;

  private:
    struct Row {
        double product = 0, square = 0;  // of what is left with the slope; of the slope
    };

    double unit_;
    double left_ = 0;  // the squares
    double steepest_ = 0;
    std::vector<Row> rows_;
};

}  // namespace attn::analysis
