// Biases that follow from how far a key is from the query: ALiBi and T5's relative positions.
#pragma once

#include <cstddef>
#include <vector>

#include "core/array.hpp"

namespace attn {

// The slope of each head (Press et al. 2022, "Train short, test long"): 2^(-8h/H), h = 1 … H, for H
// a power of two; otherwise the slopes of the largest power of two P <= H, then those of 2P at the
// odd places. A head adds -slope * (position of the query - position of the key).
std::vector<double> alibi_slopes(std::size_t heads);

// How T5 sorts distances into buckets (Raffel et al. 2020): half of the buckets are exact, the
// others logarithmic up to max_distance; `bidirectional` keeps half of all for keys after the
// query.
struct RelativeBuckets {
    std::size_t buckets = 32;
    std::size_t max_distance = 128;
    bool bidirectional = false;
};

// The bucket of a key that lies `distance` = key - query away.
std::size_t relative_bucket(std::ptrdiff_t distance, const RelativeBuckets& options);

// The bias of one head for every distance, looked up in a table [buckets, heads].
template <class T>
class RelativeBias {
  public:
    RelativeBias() = default;
    RelativeBias(const Array<T>& table, const RelativeBuckets& options)
        : table_(table), options_(options) {}

    bool empty() const { return table_.empty(); }
    std::size_t buckets() const { return empty() ? 0 : table_.extent(0); }
    // The same table for one side instead of both, or the other way round.
    RelativeBias in_other_direction() const {
        RelativeBias other = *this;
        other.options_.bidirectional = !options_.bidirectional;
        return other;
    }
    std::size_t bucket(std::ptrdiff_t distance) const {
        return relative_bucket(distance, options_);
    }
    T at(std::size_t head, std::ptrdiff_t distance) const {
        return table_.data()[bucket(distance) * table_.extent(1) + head];
    }

  private:
    Array<T> table_;
    RelativeBuckets options_;
};

}  // namespace attn
