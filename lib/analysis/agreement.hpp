// Which sequences and heads of an observation agree with the right computation: the mistake is to
// be looked for in the others.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/pieces.hpp"
#include "analysis/rounding.hpp"

namespace attn::analysis {

// Those that differ, in rising order; for outputs all heads.
struct Differing {
    std::vector<std::size_t> sequences, heads;
    std::size_t all_sequences = 0, all_heads = 0;
    double others = 0;  // the largest distance in all that agrees, in units

    // Whether some differ, and some do not.
    bool is_part() const {
        return !heads.empty() && (sequences.size() < all_sequences || heads.size() < all_heads);
    }
};

// "head 2", "heads 0 and 2 of sequence 1", "sequence 1".
std::string text_of(const Differing& differing);

// Gathered part by part.
class Agreement {
  public:
    // `unit` as of unit_of(). `saved`: the type of what was observed.
    Agreement(const Extents& extents, Observed kind, double unit, Rounding saved);

    void add(const Piece& piece, const Faced& faced);

    Differing differing() const;

  private:
    struct Item {
        double worst = 0;
        bool differs = false;
    };

    Extents extents_;
    Observed kind_;
    double unit_;
    Rounding saved_;
    std::vector<Item> items_;  // [sequences, heads]; of outputs the first head of each
};

}  // namespace attn::analysis
