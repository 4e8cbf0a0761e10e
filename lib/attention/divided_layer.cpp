#include "attention/divided_layer.hpp"

#include <algorithm>
#include <cassert>

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

// Cells that queries of the sequence may attend, and a row's own cost where there are few.
template <class T>
double area_of(const Mask<T>& mask, const LayerShape& shape, std::size_t sequence) {
    double area = 0;
    for (std::size_t query = 0; query < shape.queries; ++query)
        area += 1 + static_cast<double>(mask.allowed(sequence, query).size());
    return area;
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
    std::vector<double> areas;
    for (std::size_t sequence = 0; sequence < shape.sequences; ++sequence) {
        const double area = area_of(mask, shape, sequence);
        for (std::size_t head = 0; head < shape.heads; ++head)
            areas.push_back(all_heads || shape.streams(sequence, head) ? area : 0);
    }
    // Another rank is the first one of the next layer, for layers of few heads.
    const Communicator& ranks = shared->ranks();
    return {ranks, shape.heads, deal_out(areas, ranks.size(), shape.layer)};
}

template <class T>
void tell_division(const Division& division, const Sinks<T>& sinks) {
    for (JoiningSink<T>* sink : joining_among(sinks)) sink->begin_division(division);
}

void exchange_heads(const Division& division, const LayerShape& shape, bool all_heads,
                    const SaveHead& save, const RestoreHead& restore) {
    if (division.is_whole()) return;
    const Communicator& ranks = division.ranks;
    ByteWriter own;
    for_heads_of(division, shape, ranks.rank(), [&](std::size_t sequence, std::size_t head) {
        if (all_heads || shape.streams(sequence, head)) save(sequence, head, own);
    });
    const std::vector<std::string> all = ranks.gather_all(own.bytes());
    for (std::size_t rank = 0; rank < all.size(); ++rank) {
        if (rank == ranks.rank()) continue;
        ByteReader theirs(all[rank]);
        for_heads_of(division, shape, rank, [&](std::size_t sequence, std::size_t head) {
            if (all_heads || shape.streams(sequence, head)) restore(sequence, head, theirs);
        });
        assert(theirs.at_end());
    }
}

template <class T>
void bring_heads_together(const Division& division, const LayerShape& shape,
                          const Sinks<T>& sinks) {
    const std::vector<JoiningSink<T>*> joining = joining_among(sinks);
    for (JoiningSink<T>* sink : joining) sink->end_tiles();
    exchange_heads(
        division, shape, false,
        [&](std::size_t sequence, std::size_t head, ByteWriter& to) {
            for (const JoiningSink<T>* sink : joining) sink->save_head(sequence, head, to);
        },
        [&](std::size_t sequence, std::size_t head, ByteReader& from) {
            for (JoiningSink<T>* sink : joining) sink->restore_head(sequence, head, from);
        });
    for (JoiningSink<T>* sink : joining) sink->end_heads();
}

template <class T>
void bring_contexts_together(const Division& division, const LayerShape& shape,
                             std::vector<T>& contexts) {
    const std::size_t columns = shape.heads * shape.d_value;
    const auto row_of = [&](std::size_t sequence, std::size_t head, std::size_t query) {
        return contexts.data() + (sequence * shape.queries + query) * columns +
               head * shape.d_value;
    };
    exchange_heads(
        division, shape, true,
        [&](std::size_t sequence, std::size_t head, ByteWriter& to) {
            for (std::size_t query = 0; query < shape.queries; ++query)
                to.put_values(row_of(sequence, head, query), shape.d_value);
        },
        [&](std::size_t sequence, std::size_t head, ByteReader& from) {
            for (std::size_t query = 0; query < shape.queries; ++query)
                from.take_values(row_of(sequence, head, query), shape.d_value);
        });
}

template void tell_division(const Division&, const Sinks<float>&);
template void tell_division(const Division&, const Sinks<double>&);
template Division divide_layer(const Mask<float>&, const LayerShape&, const Sinks<float>&, bool);
template Division divide_layer(const Mask<double>&, const LayerShape&, const Sinks<double>&, bool);
template void bring_heads_together(const Division&, const LayerShape&, const Sinks<float>&);
template void bring_heads_together(const Division&, const LayerShape&, const Sinks<double>&);
template void bring_contexts_together(const Division&, const LayerShape&, std::vector<float>&);
template void bring_contexts_together(const Division&, const LayerShape&, std::vector<double>&);

}  // namespace attn
