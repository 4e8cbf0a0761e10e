// Numbers of a mistake that only the observation tells: which scale, which sinks, how much dropout.
// Each is gathered part by part.
#pragma once

#include <functional>

#include "analysis/closeness.hpp"

namespace attn::analysis {

// The factor between products of queries and keys, and the scores behind the observed weights or
// scores. `mistakes` are those that were made besides; parts are computed with them, but with
// masked scores of -inf, and with the factor `computed`: what is added to the scores is the rest.
class ScaleEstimate {
  public:
    ScaleEstimate(Observed kind, const Mistakes& mistakes, double computed);
    void add(const Faced& faced);
    double value();  // 1 when nothing tells

  private:
    Observed kind_;
    const Mistakes& mistakes_;
    double computed_;
    std::vector<double> estimates_;
};

// The logit of each head's sink whose column was dropped from the observed weights. Parts are
// computed without sinks and one softmax; `drops`: dropout was on, too. Heads that no part holds
// have no sink.
class SinkEstimate {
  public:
    SinkEstimate(const Mistakes& mistakes, std::size_t heads, bool drops);
    void add(const Faced& faced);
    std::vector<double> values() const;

    struct Row {
        double log_sum;  // of the exponentials of its scores
        double share;    // what is left beside the sink
    };

  private:
    const Mistakes& mistakes_;
    bool drops_;
    std::vector<std::vector<Row>> rows_;  // of each head
};

// Every observed weight is zero or 1 / (1 - p) of what is expected.
class DropoutEstimate {
  public:
    // `saved`: the type of what was observed. `in_rows`: rows that are as expected have none.
    explicit DropoutEstimate(Rounding saved, bool in_rows = false)
        : saved_(saved), in_rows_(in_rows) {}
    void add(const Faced& faced);

    // Whether some rows are as expected.
    bool spares_rows() const { return spared_; }

    // 1 / (1 - p); 0 where there are no zeros, or not as many as the factor promises: a mistaken
    // mask has other numbers.
    double factor();

    // The same whatever the number of zeros; 1 where nothing tells.
    double likely_factor() { return factors_.empty() ? 1 : median(factors_); }

  private:
    Rounding saved_;
    bool in_rows_;
    bool spared_ = false;
    std::vector<double> factors_;
    double zeros_ = 0, cells_ = 0;
};

// The number near `start` for which `compute(number)` comes nearest to `seen`, by least squares: a
// few steps of Gauss and Newton, none of them beyond half or twice the number. Cells where either
// is not finite are not looked at.
double fit_number(const std::function<std::vector<double>(double)>& compute,
                  const std::vector<double>& seen, double start);

}  // namespace attn::analysis
