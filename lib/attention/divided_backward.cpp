#include "attention/divided_backward.hpp"

#include <cassert>
#include <set>

namespace attn {
namespace {

// Which part of the layer each (sequence, key/value head) belongs to, counted from 0.
struct BackwardParts {
    std::vector<std::size_t> part;  // [sequences, kv_heads]
    std::size_t count = 0;
};

template <class T>
BackwardParts parts_of(std::size_t sequences, std::size_t kv_heads, bool has_sinks,
                       const MaskOptions<T>& mask) {
    const Broadcast<T>& bias = mask.bias;
    const bool spread_over_sequences = !bias.empty() && bias.place(1, 0, 0, 0) == 0;
    const bool spread_over_heads = !bias.empty() && bias.place(0, 1, 0, 0) == 0;
    const bool sequences_together = spread_over_sequences || has_sinks || !mask.relative.empty();
    const std::size_t groups = spread_over_heads ? 1 : kv_heads;
    BackwardParts parts;
    parts.count = groups * (sequences_together ? 1 : sequences);
    for (std::size_t sequence = 0; sequence < sequences; ++sequence) {
        for (std::size_t kv_head = 0; kv_head < kv_heads; ++kv_head)
            parts.part.push_back((sequences_together ? 0 : sequence * groups) +
                                 (spread_over_heads ? 0 : kv_head));
    }
    return parts;
}

template <class T>
double cells_of_sequence(const Mask<T>& mask, const LayerShape& shape, std::size_t sequence) {
    double area = 0;
    for (std::size_t query = 0; query < shape.queries; ++query)
        area += 1 + static_cast<double>(mask.allowed(sequence, query).size());
    return area;
}

// Visits what a rank has computed, in an order that all ranks know; `visit` takes or gives values
// that lie behind one another.
template <class T>
class GradientExchange {
  public:
    GradientExchange(const Division& division, const AttentionInputs<T>& inputs,
                     const MaskOptions<T>& mask, const LayerShape& shape,
                     const GradientPlaces<T>& gradients)
        : division_(division), inputs_(inputs), mask_(mask), shape_(shape), gradients_(gradients) {}

    template <class Visit>
    void visit_heads_of(std::size_t rank, const Visit& visit) const {
        for (std::size_t sequence = 0; sequence < shape_.sequences; ++sequence) {
            for (std::size_t head = 0; head < shape_.heads; ++head)
                if (division_.owner(sequence, head) == rank) visit(sequence, head);
        }
    }

    template <class Visit>
    void visit_values_of(std::size_t rank, const Visit& visit) const {
        std::set<std::size_t> groups, of_heads, biases;
        visit_heads_of(rank, [&](std::size_t sequence, std::size_t head) {
            visit_rows(sequence, head, visit);
            groups.insert(sequence * inputs_.k.heads +
                          kv_head_of(head, shape_.heads, inputs_.k.heads, inputs_.kv_order));
            of_heads.insert(head);
            if (!gradients_.bias.empty()) biases.insert(mask_.bias.place(sequence, head, 0, 0));
        });
        const std::size_t keys = inputs_.k.tokens * inputs_.k.width;
        const std::size_t values = inputs_.v.tokens * inputs_.v.width;
        for (const std::size_t group : groups) {
            visit(gradients_.k.data() + group * keys, keys);
            visit(gradients_.v.data() + group * values, values);
        }
        // Where these are not empty, one rank has all sequences of a head.
        for (const std::size_t head : of_heads) {
            if (!gradients_.sinks.empty()) visit(gradients_.sinks.data() + head, 1);
            for (std::size_t i = head; i < gradients_.relative.size(); i += shape_.heads)
                visit(gradients_.relative.data() + i, 1);
        }
        for (const std::size_t first : biases) visit(gradients_.bias.data() + first, bias_cells());
    }

  private:
    template <class Visit>
    void visit_rows(std::size_t sequence, std::size_t head, const Visit& visit) const {
        const std::size_t size = shape_.queries * inputs_.q.width;
        visit(gradients_.q.data() + (sequence * shape_.heads + head) * size, size);
        const std::size_t width = inputs_.v.width;
        for (std::size_t query = 0; query < shape_.queries; ++query) {
            const std::size_t row = sequence * shape_.queries + query;
            visit(gradients_.context.data() + (row * shape_.heads + head) * width, width);
        }
    }

    // The cells of one head of one sequence, which lie behind one another.
    std::size_t bias_cells() const {
        const Broadcast<T>& bias = mask_.bias;
        return (bias.varies_by_query() ? shape_.queries : 1) *
               (bias.varies_by_key() ? bias.keys() : 1);
    }

    const Division& division_;
    const AttentionInputs<T>& inputs_;
    const MaskOptions<T>& mask_;
    const LayerShape& shape_;
    const GradientPlaces<T>& gradients_;
};

}  // namespace

template <class T>
std::size_t backward_parts(std::size_t sequences, std::size_t kv_heads, bool has_sinks,
                           const MaskOptions<T>& mask) {
    return parts_of(sequences, kv_heads, has_sinks, mask).count;
}

template <class T>
Division divide_backward(const AttentionInputs<T>& inputs, const MaskOptions<T>& mask,
                         const LayerShape& shape, const Communicator& ranks) {
    const BackwardParts parts =
        parts_of(inputs.q.batch, inputs.k.heads, !inputs.sinks.empty(), mask);
    if (ranks.is_alone() || parts.count == 1) return {};
    const Mask<T> predicate(mask, shape.keys);
    std::vector<double> areas(parts.count);
    for (std::size_t sequence = 0; sequence < shape.sequences; ++sequence) {
        const double area = cells_of_sequence(predicate, shape, sequence);
        for (std::size_t kv_head = 0; kv_head < inputs.k.heads; ++kv_head)
            areas[parts.part[sequence * inputs.k.heads + kv_head]] += area;
    }
    const std::vector<std::size_t> owners = deal_out(areas, ranks.size(), shape.layer);
    Division division{ranks, shape.heads, {}};
    for (std::size_t sequence = 0; sequence < shape.sequences; ++sequence) {
        for (std::size_t head = 0; head < shape.heads; ++head) {
            const std::size_t kv_head =
                kv_head_of(head, shape.heads, inputs.k.heads, inputs.kv_order);
            division.owners.push_back(owners[parts.part[sequence * inputs.k.heads + kv_head]]);
        }
    }
    return division;
}

template <class T>
void bring_gradients_together(const Division& division, const AttentionInputs<T>& inputs,
                              const MaskOptions<T>& mask, const LayerShape& shape,
                              const GradientSinks<T>& sinks, const GradientPlaces<T>& gradients) {
    if (division.is_whole()) return;
    const Communicator& ranks = division.ranks;
    const GradientExchange<T> exchange(division, inputs, mask, shape, gradients);
    ByteWriter own;
    exchange.visit_values_of(ranks.rank(), [&](const auto* values, std::size_t count) {
        own.put_values(values, count);
    });
    exchange.visit_heads_of(ranks.rank(), [&](std::size_t sequence, std::size_t head) {
        if (!shape.streams(sequence, head)) return;
        for (const GradientSink<T>* sink : sinks) sink->save_head(sequence, head, own);
    });
    const std::vector<std::string> all = ranks.gather_all(own.bytes());
    for (std::size_t rank = 0; rank < all.size(); ++rank) {
        if (rank == ranks.rank()) continue;
        ByteReader theirs(all[rank]);
        exchange.visit_values_of(
            rank, [&](auto* values, std::size_t count) { theirs.take_values(values, count); });
        exchange.visit_heads_of(rank, [&](std::size_t sequence, std::size_t head) {
            if (!shape.streams(sequence, head)) return;
            for (GradientSink<T>* sink : sinks) sink->restore_head(sequence, head, theirs);
        });
        assert(theirs.at_end());
    }
}

template std::size_t backward_parts(std::size_t, std::size_t, bool, const MaskOptions<float>&);
template std::size_t backward_parts(std::size_t, std::size_t, bool, const MaskOptions<double>&);
template Division divide_backward(const AttentionInputs<float>&, const MaskOptions<float>&,
                                  const LayerShape&, const Communicator&);
template Division divide_backward(const AttentionInputs<double>&, const MaskOptions<double>&,
                                  const LayerShape&, const Communicator&);
template void bring_gradients_together(const Division&, const AttentionInputs<float>&,
                                       const MaskOptions<float>&, const LayerShape&,
                                       const GradientSinks<float>&, const GradientPlaces<float>&);
template void bring_gradients_together(const Division&, const AttentionInputs<double>&,
                                       const MaskOptions<double>&, const LayerShape&,
                                       const GradientSinks<double>&, const GradientPlaces<double>&);

}  // namespace attn
