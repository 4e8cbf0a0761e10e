// Who may attend, and what is added to the scores: one object for causality, windows, lengths,
// masks and biases. A predicate, never an n x n array of ours; built once from the options and
// asked for each row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "attention/broadcast.hpp"
#include "attention/position_bias.hpp"
#include "attention/tile.hpp"

namespace attn {

// Query i stands at key position p = i + offset.
struct MaskStructure {
    bool causal = false;                      // keys up to p only
    std::vector<std::ptrdiff_t> offsets{0};   // one for all sequences, or one for each
    std::optional<std::size_t> window_left;   // keys from p - window_left only
    std::optional<std::size_t> window_right;  // keys up to p + window_right only
    std::vector<std::size_t> key_lengths;     // valid keys of each sequence; empty: all
};

template <class T>
struct MaskOptions {
    MaskStructure structure;
    Broadcast<T> may_attend;   // 0: forbidden; keys beyond its key axis are forbidden
    Broadcast<T> added;        // -inf forbids; keys beyond its key axis are forbidden
    Broadcast<T> bias;         // added too; -inf forbids
    std::vector<T> alibi;      // a slope for each head; empty: none
    RelativeBias<T> relative;  // by distance
};

template <class T>
class Mask {
  public:
    Mask(MaskOptions<T> options, std::size_t keys) : options_(std::move(options)), keys_(keys) {}

    // The keys that causality, window and length leave to the query; may be empty.
    KeyRange allowed(std::size_t sequence, std::size_t query) const;

    // The smallest range that holds those of `rows` consecutive queries.
    KeyRange allowed(std::size_t sequence, std::size_t first_query, std::size_t rows) const;

    // Whether an array may forbid single keys inside those ranges.
    bool blocks_cells() const {
        return !options_.may_attend.empty() || !options_.added.empty() || options_.bias.forbids();
    }

    // Adds all biases to the scores of the keys in `range`; forbidden ones become -inf, whatever
    // they were, and are marked 1 in `blocked`, others 0 (where blocks_cells()).
    void apply(std::size_t sequence, std::size_t head, std::size_t query, KeyRange range, T* scores,
               std::uint8_t* blocked) const;

  private:
    void add_biases(std::size_t sequence, std::size_t head, std::size_t query, KeyRange range,
                    T* scores) const;

    MaskOptions<T> options_;
    std::size_t keys_;
};

}  // namespace attn
