// The finite number that stands where -inf should, and how much weight it leaves to masked keys.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/pieces.hpp"

namespace attn::analysis {

// Gathered part by part.
class MaskValueEstimate {
  public:
    // `fills`: masked scores become the number; else it is added to them. `allowance`: how far the
    // estimates of single cells may lie apart.
    MaskValueEstimate(Observed kind, bool fills, double allowance);

    // `right`: the part with masked scores of -inf; `open`: the same without a mask.
    void add(const Faced& right, const Faced& open);

    // None where no masked key gets weight, or each another share.
    std::optional<double> value();

    // Whether all that leaks is in rows of queries without a key.
    bool leaks_in_empty_rows() const { return empty_rows_ && values_.empty(); }

    // "masked keys get weight, up to 0.002 at head 0, query 1, key 3"; empty for scores.
    std::string leak() const;

  private:
    void add_row(const DenseCells& cells, std::size_t row, const Faced& right, const Faced& open);

    Observed kind_;
    bool fills_;
    double allowance_;
    std::vector<double> values_;
    bool empty_rows_ = false;
    double largest_ = 0;
    Place place_;
};

}  // namespace attn::analysis
