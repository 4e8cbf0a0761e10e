// The largest weights of every row, or of every band of rows, with the numbers that they are: what
// a page shows exactly beside cells of one byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "attention/sink.hpp"

namespace attn::analysis {

// A value of 0 says that there is none at this place.
struct TopKey {
    float value = 0;
    std::uint32_t query = 0;
    std::uint32_t key = 0;
};

enum class TopOrder {
    value,      // weights: those above 0, the largest first
    magnitude,  // differences: all but 0, the largest first, whatever their sign
};

// Gathers one layer. Among equals the smaller query, then the smaller key comes first; what is not
// a number is no entry. T is float or double.
template <class T>
class TopKeys : public Sink<T> {
  public:
    // `band`: consecutive rows that share `count` entries, both at least 1.
    TopKeys(std::size_t band, std::size_t count, TopOrder order);

    void begin_layer(const LayerShape& shape) override;
    void consume(const Tile<T>& tile) override;

    // The entries of a head by its slot, when all its tiles were there: [bands, count].
    std::vector<TopKey> entries(std::size_t slot) const;

    // The first entry of a band.
    TopKey first(std::size_t slot, std::size_t band) const;

  private:
    bool comes_before(const TopKey& a, const TopKey& b) const;
    // A heap of at most `count_` entries, whose front is the last of them.
    struct Heap {
        TopKey* entries;
        std::size_t size;
    };

    void put(const TopKey& entry, Heap& heap) const;
    void put_in_order(const TopKey& entry, Heap& heap) const;
    void see_row(const Tile<T>& tile, std::size_t row, Heap& heap) const;

    std::size_t band_;
    std::size_t count_;
    TopOrder order_;
    LayerShape shape_;
    std::size_t bands_ = 0;
    std::vector<TopKey> found_;              // [slots * bands, count]: a heap a band
    std::vector<std::size_t> sizes_;         // [slots * bands] of the heaps
    std::unique_ptr<std::mutex[]> mutexes_;  // of each slot, as tiles may share a band
};

}  // namespace attn::analysis
