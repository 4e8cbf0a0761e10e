// One head as approximations of attention see it: its queries, keys and values, who may attend
// whom, and its exact weights row by row. Everything is float64, whatever the source computes in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "attention/tile.hpp"
#include "core/span.hpp"

namespace attn::approx {

// How large one head is.
struct Sizes {
    std::size_t queries = 0;
    std::size_t keys = 0;
    std::size_t d_head = 0;     // 0 where there are only weights
    std::size_t d_value = 0;    // likewise
    std::ptrdiff_t offset = 0;  // the key at which query 0 stands

    std::ptrdiff_t position(std::size_t query) const {
        return static_cast<std::ptrdiff_t>(query) + offset;
    }
};

// The exact weights of one head, made again for whoever needs rows before the tiles come.
class ExactRows {
  public:
    // A row: its query, its weights [keys] (0 where masked), and where it may attend.
    struct Row {
        std::size_t query = 0;
        Span<const double> weights;
        KeyRange allowed;
        Span<const std::uint8_t> blocked;  // [keys], 1: a mask array forbids the key; may be empty
        double missing = 0;  // what an extra logit takes: 1 - the sum of the weights; else 0
        // The `largest_count` largest weights and those that are equal to the last of them, in the
        // order of keys, where somebody has found them for all methods; else empty.
        Span<const double> largest;
        std::size_t largest_count = 0;

        bool may_attend(std::size_t key) const {
            return allowed.contains(key) && (blocked.empty() || blocked[key] == 0);
        }
    };
    using Visit = std::function<void(const Row&)>;

    virtual ~ExactRows() = default;

    // Visits the rows begin … end - 1 in this order; each is valid during its visit.
    virtual void visit(std::size_t begin, std::size_t end, const Visit& visit) const = 0;
};

struct HeadInput {
    // What they are called: streams of random numbers depend on them (APPROX section 2).
    std::size_t layer = 0;
    std::size_t head = 0;  // query head

    Sizes sizes;
    bool causal = false;       // keys behind a query's position are masked
    bool masked = false;       // anything is: by causality, a window, lengths or an array
    double scale = 1;          // of the scores
    bool plain_scores = true;  // scores are scale * q k before the mask, and nothing else

    // [queries, d_head], [keys, d_head], [keys, d_value]; empty where there are only weights.
    MatrixView<const double> q, k, v;

    const ExactRows* exact = nullptr;
    // Those of all query heads that share this head's keys, in their order; this one among them.
    std::vector<const ExactRows*> group;
};

}  // namespace attn::approx
