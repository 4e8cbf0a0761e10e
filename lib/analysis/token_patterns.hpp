// Where a head of a known type would look, from the tokens alone: the patterns of TransformerLens'
// head detector. Query i of a previous-token head looks at i - 1, of a duplicate-token head at
// earlier copies of its own token, of an induction head at what came after those.
#pragma once

#include <string>
#include <vector>

#include "core/span.hpp"

namespace attn::analysis {

class TokenPatterns {
  public:
    explicit TokenPatterns(const std::vector<std::string>& tokens);

    std::size_t size() const { return places_.size(); }

    // Positions j < query that hold the query's token, ascending. One more than each of them is
    // where an induction head looks.
    Span<const std::size_t> duplicates(std::size_t query) const;

  private:
    struct Place {
        std::size_t token = 0;    // index into copies_
        std::size_t earlier = 0;  // how many copies stand before this one
    };
    std::vector<Place> places_;
    std::vector<std::vector<std::size_t>> copies_;  // positions of each distinct token
};

}  // namespace attn::analysis
