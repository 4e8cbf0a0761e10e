#include "attention/division.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "core/word_list.hpp"

namespace attn {

std::vector<std::size_t> deal_out(const std::vector<double>& areas, std::size_t ranks,
                                  std::size_t first) {
    std::vector<std::size_t> order(areas.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return areas[a] > areas[b]; });
    std::vector<double> load(ranks, 0);
    std::vector<std::size_t> owners(areas.size());
    for (const std::size_t piece : order) {
        std::size_t least = first % ranks;
        for (std::size_t i = 1; i < ranks; ++i) {
            const std::size_t rank = (first + i) % ranks;
            if (load[rank] < load[least]) least = rank;
        }
        owners[piece] = least;
        load[least] += areas[piece];
    }
    return owners;
}

bool Division::streams(std::size_t sequence, std::size_t head, std::size_t query) const {
    if (!cuts_heads()) return is_mine(sequence, head);
    const std::size_t first = (sequence * heads + head) * ranks.size();
    for (std::size_t i = first; i < first + ranks.size(); ++i) {
        if (query >= pieces[i].begin && query < pieces[i].end)
            return pieces[i].rank == ranks.rank();
    }
    return false;
}

std::vector<std::size_t> cut_evenly(const std::vector<double>& areas, std::size_t pieces) {
    const double all = std::accumulate(areas.begin(), areas.end(), 0.0);
    std::vector<std::size_t> ends;
    double sum = 0;
    std::size_t tile = 0;
    for (std::size_t piece = 1; piece < pieces; ++piece) {
        const double goal = all * static_cast<double>(piece) / static_cast<double>(pieces);
        // The tile in which the goal lies goes to the nearer side.
        while (tile < areas.size() && sum + areas[tile] / 2 <= goal) sum += areas[tile++];
        ends.push_back(tile);
    }
    ends.push_back(areas.size());
    return ends;
}

std::string idle_text(std::size_t ranks) {
    return std::to_string(ranks) + (ranks == 1 ? " of them has" : " of them have") +
           " nothing to do";
}

void warn_of_idle_ranks(const Communicator& ranks, std::size_t pieces, const Warn& warn) {
    if (!warn || ranks.is_alone() || ranks.size() <= pieces) return;
    warn("there " + std::string(pieces == 1 ? "is " : "are ") + counted(pieces, "head") +
         " to compute and " + std::to_string(ranks.size()) +
         " ranks; a head is not divided, so that " + idle_text(ranks.size() - pieces));
}

void warn_of_idle_ranks(const Division& division, std::size_t heads, const Warn& warn) {
    if (!division.cuts_heads()) return warn_of_idle_ranks(division.ranks, heads, warn);
    std::set<std::size_t> busy;
    for (const RowPiece& piece : division.pieces) {
        if (piece.begin < piece.end) busy.insert(piece.rank);
    }
    const std::size_t ranks = division.ranks.size();
    if (!warn || busy.size() == ranks) return;
    warn("heads are dealt out in blocks of rows, too few for " + std::to_string(ranks) +
         " ranks, so that " + idle_text(ranks - busy.size()));
}

}  // namespace attn
