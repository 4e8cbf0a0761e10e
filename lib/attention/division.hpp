// Who computes which heads of a layer, where several processes do. A head is computed whole by one
// of them, so that its numbers are those of one process.
#pragma once

#include <cstddef>
#include <vector>

#include "core/communicator.hpp"
#include "core/warn.hpp"

namespace attn {

struct Division {
    Communicator ranks;
    std::size_t heads = 0;
    std::vector<std::size_t> owners;  // ranks, [sequences, heads]; empty: all is mine

    bool is_whole() const { return owners.empty(); }
    std::size_t owner(std::size_t sequence, std::size_t head) const {
        return owners[sequence * heads + head];
    }
    bool is_mine(std::size_t sequence, std::size_t head) const {
        return is_whole() || owner(sequence, head) == ranks.rank();
    }
};

// A rank for each piece of work, so that none has much more than the others: the largest first,
// each to the rank that has least so far (Graham 1969). Of ranks that have the same, the first one
// counted from `first`.
std::vector<std::size_t> deal_out(const std::vector<double>& areas, std::size_t ranks,
                                  std::size_t first = 0);

// Says where there are more ranks than pieces of work, of which each layer has so many.
void warn_of_idle_ranks(const Communicator& ranks, std::size_t pieces, const Warn& warn);

}  // namespace attn
