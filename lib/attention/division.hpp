// Who computes which heads of a layer, where several processes do, and which rows of them, where
// there are more processes than heads. A tile is computed whole by one of them, so that its numbers
// are those of one process.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/communicator.hpp"
#include "core/warn.hpp"

namespace attn {

// Queries begin … end - 1 of a head: whole tiles.
struct RowPiece {
    std::size_t sequence = 0;
    std::size_t head = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t rank = 0;  // that streams them
};

struct Division {
    Communicator ranks;
    std::size_t heads = 0;
    std::vector<std::size_t> owners;  // ranks, [sequences, heads]; empty: all is mine
    // As many of each head as there are ranks, some of them empty, in the order of sequences, heads
    // and rows. Empty: each head is streamed by its owner.
    std::vector<RowPiece> pieces = {};

    bool is_whole() const { return owners.empty(); }
    std::size_t owner(std::size_t sequence, std::size_t head) const {
        return owners[sequence * heads + head];
    }
    bool is_mine(std::size_t sequence, std::size_t head) const {
        return is_whole() || owner(sequence, head) == ranks.rank();
    }
    bool cuts_heads() const { return !pieces.empty(); }
    // Whether the tile that begins with this query is streamed here.
    bool streams(std::size_t sequence, std::size_t head, std::size_t query) const;
};

// A rank for each piece of work, so that none has much more than the others: the largest first,
// each to the rank that has least so far (Graham 1969). Of ranks that have the same, the first one
// counted from `first`.
std::vector<std::size_t> deal_out(const std::vector<double>& areas, std::size_t ranks,
                                  std::size_t first = 0);

// Cuts a head into as many pieces as there are ranks, so that they have nearly the same area:
// `areas` are those of its tiles, of block_rows rows each but for the last. The ends of the pieces
// in tiles, rising to areas.size().
std::vector<std::size_t> cut_evenly(const std::vector<double>& areas, std::size_t pieces);

// "2 of them have nothing to do", of so many ranks.
std::string idle_text(std::size_t ranks);

// Says where there are more ranks than pieces of work, of which each layer has so many.
void warn_of_idle_ranks(const Communicator& ranks, std::size_t pieces, const Warn& warn);
// Likewise of a layer with so many heads, which may be cut.
void warn_of_idle_ranks(const Division& division, std::size_t heads, const Warn& warn);

}  // namespace attn
