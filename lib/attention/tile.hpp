// A tile: consecutive query rows of one head of one layer of one sequence, each row complete. Tiles
// are what attention is streamed as, whether it was computed or read from a file.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "attention/share.hpp"
#include "core/divide_up.hpp"
#include "core/span.hpp"
#include "kernels/kernels.hpp"

namespace attn {

// Keys begin … end - 1.
struct KeyRange {
    std::size_t begin = 0;
    std::size_t end = 0;

    std::size_t size() const { return end - begin; }
    bool empty() const { return end <= begin; }
    bool contains(std::size_t key) const { return key >= begin && key < end; }
};

// What the tiles of one layer have in common.
struct LayerShape {
    std::size_t layer = 0;
    std::size_t sequences = 1;
    std::size_t heads = 1;
    std::size_t queries = 0;
    std::size_t keys = 0;
    std::size_t d_value = 0;     // 0 when the source has no context (stored weights)
    std::size_t block_rows = 1;  // tile t of a head starts at query t * block_rows
    // Whose tiles are streamed, and what the head at each place is called; empty: its place.
    Chosen chosen_sequences = std::nullopt;
    Chosen chosen_heads = std::nullopt;
    std::vector<std::size_t> head_numbers = {};

    bool streams(std::size_t sequence, std::size_t head) const {
        return is_chosen(chosen_sequences, sequence) && is_chosen(chosen_heads, head);
    }
    std::size_t sequences_streamed() const {
        return chosen_sequences ? chosen_sequences->size() : sequences;
    }
    std::size_t heads_streamed() const { return chosen_heads ? chosen_heads->size() : heads; }

    // The place of a head among all that are streamed, in the order of sequences and heads.
    std::size_t slot(std::size_t sequence, std::size_t head) const {
        return place_in(chosen_sequences, sequence) * heads_streamed() +
               place_in(chosen_heads, head);
    }
    std::size_t slots() const { return sequences_streamed() * heads_streamed(); }

    std::size_t number_of(std::size_t head) const {
        return head_numbers.empty() ? head : head_numbers[head];
    }

    std::size_t blocks() const { return divide_up(queries, block_rows); }
    std::size_t rows_of_block(std::size_t block) const {
        return std::min(block_rows, queries - block * block_rows);
    }

  private:
    static std::size_t place_in(const Chosen& chosen, std::size_t index) {
        if (!chosen) return index;
        return static_cast<std::size_t>(std::lower_bound(chosen->begin(), chosen->end(), index) -
                                        chosen->begin());
    }
};

// The views are valid only during the call that hands the tile out.
template <class T>
struct Tile {
    std::size_t layer = 0;
    std::size_t sequence = 0;
    std::size_t head = 0;
    std::size_t first_query = 0;

    // The keys that the matrices below hold. All others are masked for every row of the tile: their
    // score is -inf and their weight 0.
    KeyRange active;
    // For each row, the keys that it may attend; part of `active`. Cells outside hold -inf and 0.
    Span<const KeyRange> allowed;
    // Where a mask array forbids single keys: 1 for those, [rows, active.size()]; empty without
    // one.
    MatrixView<const std::uint8_t> blocked;

    MatrixView<const T> scores;   // [rows, active.size()]; empty unless asked for
    MatrixView<const T> weights;  // [rows, active.size()]
    MatrixView<const T> context;  // [rows, d_value]; empty unless the source has it

    // One number a row, empty unless asked for:
    Span<const double> logsumexp;      // log of the softmax's denominator
    Span<const double> entropy;        // -Σ w ln w
    Span<const ScoreSums> score_sums;  // of the scores that softmax saw

    std::size_t rows() const { return weights.rows; }

    // Whether the row may attend the key.
    bool may_attend(std::size_t row, std::size_t key) const {
        return allowed[row].contains(key) &&
               (blocked.empty() || blocked.row(row)[key - active.begin] == 0);
    }
    std::size_t block(const LayerShape& shape) const { return first_query / shape.block_rows; }
};

}  // namespace attn
