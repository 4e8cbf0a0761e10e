// Which computed head each observed head is: found by how near they are, not by trying all orders.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/pieces.hpp"

namespace attn::analysis {

class HeadMatching {
  public:
    // `unit` as of unit_of().
    HeadMatching(Observed kind, std::size_t heads, double unit);

    // A piece of all heads.
    void add(const Faced& faced);

    // The same where every place was computed with `head`; `readers`: which of the observed heads
    // read each place.
    void add(const Faced& faced, std::size_t head,
             const std::vector<std::vector<std::size_t>>& readers);

    // The computed head in the place of each observed one, where every one is near to one, each to
    // another; nothing where some is near to none. Among heads that are as near the one of the
    // same place is taken, then the first.
    std::optional<std::vector<std::size_t>> order() const;

  private:
    void compare(double& worst, std::size_t seen_head, std::size_t head, std::size_t heads,
                 const Faced& faced);

    Observed kind_;
    std::size_t heads_;
    double unit_;
    std::vector<double> worst_;  // [observed head, computed head]
};

// "heads 0 and 2 changed places", or "head 0 is 3, head 1 is 0, …" for longer rounds.
std::string order_text(const std::vector<std::size_t>& order);

}  // namespace attn::analysis
