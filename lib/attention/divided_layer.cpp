#include "attention/divided_layer.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace attn {
namespace {

// In an order that all ranks know.
template <class Visit>
void for_heads_of(const Division& division, const LayerShape& shape, std::size_t rank,
                  const Visit& visit) {
    for (std::size_t sequence = 0; sequence < shape.sequences; ++sequence) {
        for (std::size_t head = 0; head < shape.heads; ++head) {
            if (division.owner(sequence, head) == rank) visit(sequence, head);
        }
    }
}

// The rows that a rank streams, in an order that all ranks know.
template <class Visit>
void for_rows_of(const Division& division, const LayerShape& shape, std::size_t rank,
                 const Visit& visit) {
    for (const RowPiece& piece : division.pieces) {
        if (piece.rank == rank) visit(piece);
    }
    if (division.cuts_heads()) return;
    for_heads_of(division, shape, rank, [&](std::size_t sequence, std::size_t head) {
        visit(RowPiece{sequence, head, 0, shape.queries, rank});
    });
}

// The cost of each tile of a head: cells that its queries may attend, and a row's own cost where
// there are few.
template <class T>
std::vector<double> tile_areas(const Mask<T>& mask, const LayerShape& shape, std::size_t sequence) {
    std::vector<double> areas(shape.blocks());
    for (std::size_t query = 0; query < shape.queries; ++query)
        areas[query / shape.block_rows] +=
            1 + static_cast<double>(mask.allowed(sequence, query).size());
    return areas;
}

// Each head for all ranks; of layers and heads that follow one another the first rows are another
// rank's, so that none has the larger rest each time.
std::vector<RowPiece> cut_heads(const LayerShape& shape,
                                const std::vector<std::vector<double>>& areas, std::size_t ranks) {
    std::vector<RowPiece> pieces;
    for (std::size_t sequence = 0; sequence < shape.sequences; ++sequence) {
        const std::vector<std::size_t> ends = cut_evenly(areas[sequence], ranks);
        for (std::size_t head = 0; head < shape.heads; ++head) {
            for (std::size_t i = 0; i < ranks; ++i) {
                const std::size_t begin = i == 0 ? 0 : ends[i - 1] * shape.block_rows;
                pieces.push_back({sequence, head, std::min(begin, shape.queries),
                                  std::min(ends[i] * shape.block_rows, shape.queries),
                                  (i + head + sequence + shape.layer) % ranks});
            }
        }
    }
    return pieces;
}

template <class T>
std::vector<JoiningSink<T>*> joining_among(const Sinks<T>& sinks) {
    std::vector<JoiningSink<T>*> joining;
    for (Sink<T>* sink : sinks) {
        if (auto* const joins = dynamic_cast<JoiningSink<T>*>(sink)) joining.push_back(joins);
    }
    return joining;
}

}  // namespace

template <class T>
Division divide_layer(const Mask<T>& mask, const LayerShape& shape, const Sinks<T>& sinks,
                      bool all_heads) {
    RanksSink<T>* const shared = ranks_among(sinks);
    if (shared == nullptr || shared->ranks().is_alone()) return {};
    const bool join = std::all_of(sinks.begin(), sinks.end(), [&](Sink<T>* sink) {
        return sink == shared || dynamic_cast<JoiningSink<T>*>(sink) != nullptr;
    });
    if (!join) return {};
    std::vector<std::vector<double>> tiles;
    std::vector<double> areas;
    std::size_t heads = 0;
    for (std::size_t sequence = 0; sequence < shape.sequences; ++sequence) {
        tiles.push_back(tile_areas(mask, shape, sequence));
        const double area = std::accumulate(tiles.back().begin(), tiles.back().end(), 0.0);
        for (std::size_t head = 0; head < shape.heads; ++head) {
            const bool computed = all_heads || shape.streams(sequence, head);
            areas.push_back(computed ? area : 0);
            heads += computed ? 1 : 0;
        }
    }
    // Another rank is the first one of the next layer, for layers of few heads.
    const std::size_t ranks = shared->ranks().size();
    Division division{shared->ranks(), shape.heads, deal_out(areas, ranks, shape.layer)};
    const std::vector<JoiningSink<T>*> joining = joining_among(sinks);
    const bool rows = std::all_of(joining.begin(), joining.end(),
                                  [](const JoiningSink<T>* sink) { return sink->takes_rows(); });
    if (rows && ranks > heads) division.pieces = cut_heads(shape, tiles, ranks);
    shared->tell_idle(division, heads);
    return division;
}

template <class T>
void tell_division(const Division& division, const Sinks<T>& sinks) {
    for (JoiningSink<T>* sink : joining_among(sinks)) sink->begin_division(division);
}

void exchange_heads(const Division& division, const LayerShape& shape, const SaveHead& save,
                    const RestoreHead& restore) {
    if (division.is_whole()) return;
    const Communicator& ranks = division.ranks;
    ByteWriter own;
    for_heads_of(division, shape, ranks.rank(), [&](std::size_t sequence, std::size_t head) {
        if (shape.streams(sequence, head)) save(sequence, head, own);
    });
    const std::vector<std::string> all = ranks.gather_all(own.bytes());
    for (std::size_t rank = 0; rank < all.size(); ++rank) {
        if (rank == ranks.rank()) continue;
        ByteReader theirs(all[rank]);
        for_heads_of(division, shape, rank, [&](std::size_t sequence, std::size_t head) {
            if (shape.streams(sequence, head)) restore(sequence, head, theirs);
        });
        assert(theirs.at_end());
    }
}

template <class T>
void bring_rows_together(const Division& division, const LayerShape& shape, const Sinks<T>& sinks) {
    if (!division.cuts_heads()) return;
    const std::vector<JoiningSink<T>*> joining = joining_among(sinks);
    const Communicator& ranks = division.ranks;
    const auto goes_to_owner = [&](const RowPiece& piece) {
        return piece.begin < piece.end && shape.streams(piece.sequence, piece.head) &&
               division.owner(piece.sequence, piece.head) != piece.rank;
    };
    ByteWriter own;
    for_rows_of(division, shape, ranks.rank(), [&](const RowPiece& piece) {
        if (!goes_to_owner(piece)) return;
        ByteWriter found;
        for (const JoiningSink<T>* sink : joining) sink->save_rows(piece, found);
        own.put(found.bytes());
    });
    const std::vector<std::string> all = ranks.gather_all(own.bytes());
    for (std::size_t rank = 0; rank < all.size(); ++rank) {
        if (rank == ranks.rank()) continue;
        ByteReader theirs(all[rank]);
        for_rows_of(division, shape, rank, [&](const RowPiece& piece) {
            if (!goes_to_owner(piece)) return;
            std::string bytes;
            theirs.take(bytes);
            if (!division.is_mine(piece.sequence, piece.head)) return;
            ByteReader found(bytes);
            for (JoiningSink<T>* sink : joining) sink->restore_rows(piece, found);
            assert(found.at_end());
        });
    }
    for_heads_of(division, shape, ranks.rank(), [&](std::size_t sequence, std::size_t head) {
        if (!shape.streams(sequence, head)) return;
        for (Sink<T>* sink : sinks) sink->end_head(sequence, head);
    });
}

template <class T>
void bring_heads_together(const Division& division, const LayerShape& shape,
                          const Sinks<T>& sinks) {
    const std::vector<JoiningSink<T>*> joining = joining_among(sinks);
    for (JoiningSink<T>* sink : joining) sink->end_tiles();
    exchange_heads(
        division, shape,
        [&](std::size_t sequence, std::size_t head, ByteWriter& to) {
            for (const JoiningSink<T>* sink : joining) sink->save_head(sequence, head, to);
        },
        [&](std::size_t sequence, std::size_t head, ByteReader& from) {
            for (JoiningSink<T>* sink : joining) sink->restore_head(sequence, head, from);
        });
    for (JoiningSink<T>* sink : joining) sink->end_heads();
}

template void bring_rows_together(const Division&, const LayerShape&, const Sinks<float>&);
template void bring_rows_together(const Division&, const LayerShape&, const Sinks<double>&);
template void tell_division(const Division&, const Sinks<float>&);
template void tell_division(const Division&, const Sinks<double>&);
template Division divide_layer(const Mask<float>&, const LayerShape&, const Sinks<float>&, bool);
template Division divide_layer(const Mask<double>&, const LayerShape&, const Sinks<double>&, bool);
template void bring_heads_together(const Division&, const LayerShape&, const Sinks<float>&);
template void bring_heads_together(const Division&, const LayerShape&, const Sinks<double>&);

}  // namespace attn
