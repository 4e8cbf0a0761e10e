#include "analysis/top_keys.hpp"

#include <algorithm>
#include <cmath>

#include "core/divide_up.hpp"

namespace attn::analysis {
namespace {

// Few keys of a row are entries: so many are passed over at a time.
constexpr std::size_t kTogether = 32;
// So few entries stay in order; of more a heap is quicker.
constexpr std::size_t kFewEntries = 8;

template <class T>
bool any_above(const T* weights, std::size_t count, float least, bool signs) {
    int above = 0;
    if (signs) {
        for (std::size_t i = 0; i < count; ++i)
            above |= std::abs(static_cast<float>(weights[i])) > least;
    } else {
        for (std::size_t i = 0; i < count; ++i) above |= static_cast<float>(weights[i]) > least;
    }
    return above != 0;
}

}  // namespace

template <class T>
TopKeys<T>::TopKeys(std::size_t band, std::size_t count, TopOrder order)
    : band_(band), count_(count), order_(order) {}

template <class T>
void TopKeys<T>::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    bands_ = divide_up(shape.queries, band_);
    found_.assign(shape.slots() * bands_ * count_, {});
    sizes_.assign(shape.slots() * bands_, 0);
    mutexes_ = std::make_unique<std::mutex[]>(shape.slots());
}

template <class T>
bool TopKeys<T>::comes_before(const TopKey& a, const TopKey& b) const {
    const float x = order_ == TopOrder::value ? a.value : std::abs(a.value);
    const float y = order_ == TopOrder::value ? b.value : std::abs(b.value);
    if (x != y) return x > y;
    return a.query != b.query ? a.query < b.query : a.key < b.key;
}

template <class T>
void TopKeys<T>::put(const TopKey& entry, Heap& heap) const {
    if (count_ <= kFewEntries) return put_in_order(entry, heap);
    const auto before = [this](const TopKey& a, const TopKey& b) { return comes_before(a, b); };
    if (heap.size == count_) {
        if (!comes_before(entry, heap.entries[0])) return;
        std::pop_heap(heap.entries, heap.entries + heap.size, before);
        --heap.size;
    }
    heap.entries[heap.size++] = entry;
    std::push_heap(heap.entries, heap.entries + heap.size, before);
}

// The last one first, as in a heap.
template <class T>
void TopKeys<T>::put_in_order(const TopKey& entry, Heap& heap) const {
    std::size_t place = 0;
    if (heap.size < count_) {
        for (place = heap.size++; place > 0 && comes_before(heap.entries[place - 1], entry);
             --place)
            heap.entries[place] = heap.entries[place - 1];
    } else {
        if (!comes_before(entry, heap.entries[0])) return;
        for (; place + 1 < heap.size && comes_before(entry, heap.entries[place + 1]); ++place)
            heap.entries[place] = heap.entries[place + 1];
    }
    heap.entries[place] = entry;
}

template <class T>
void TopKeys<T>::see_row(const Tile<T>& tile, std::size_t row, Heap& heap) const {
    const Span<const T> weights = tile.weights.row(row);
    const auto query = static_cast<std::uint32_t>(tile.first_query + row);
    const bool signs = order_ == TopOrder::magnitude;
    // What is not above it comes behind all that is there: it stands to the right.
    float least = heap.size == count_ ? std::abs(heap.entries[0].value) : 0;
    for (std::size_t first = 0; first < weights.size(); first += kTogether) {
        const std::size_t end = std::min(weights.size(), first + kTogether);
        if (!any_above(weights.data() + first, end - first, least, signs)) continue;
        for (std::size_t i = first; i < end; ++i) {
            const auto value = static_cast<float>(weights[i]);
            if (!((signs ? std::abs(value) : value) > least)) continue;
            put({value, query, static_cast<std::uint32_t>(tile.active.begin + i)}, heap);
            if (heap.size == count_) least = std::abs(heap.entries[0].value);
        }
    }
}

template <class T>
void TopKeys<T>::consume(const Tile<T>& tile) {
    const std::size_t slot = shape_.slot(tile.sequence, tile.head);
    std::vector<TopKey> entries(count_);
    for (std::size_t row = 0; row < tile.rows();) {
        const std::size_t band = (tile.first_query + row) / band_;
        const std::size_t end = std::min(tile.rows(), (band + 1) * band_ - tile.first_query);
        Heap heap{entries.data(), 0};
        for (; row < end; ++row) see_row(tile, row, heap);
        const std::lock_guard<std::mutex> lock(mutexes_[slot]);
        const std::size_t place = slot * bands_ + band;
        Heap all{found_.data() + place * count_, sizes_[place]};
        if (all.size == 0) {
            std::copy_n(heap.entries, heap.size, all.entries);
            all.size = heap.size;
        } else {
            for (std::size_t i = 0; i < heap.size; ++i) put(heap.entries[i], all);
        }
        sizes_[place] = all.size;
    }
}

template <class T>
std::vector<TopKey> TopKeys<T>::entries(std::size_t slot) const {
    const TopKey* const first = found_.data() + slot * bands_ * count_;
    std::vector<TopKey> all(first, first + bands_ * count_);
    for (std::size_t band = 0; band < bands_; ++band) {
        TopKey* const begin = all.data() + band * count_;
        TopKey* const end = begin + sizes_[slot * bands_ + band];
        std::sort(begin, end,
                  [this](const TopKey& a, const TopKey& b) { return comes_before(a, b); });
        std::fill(end, begin + count_, TopKey{});
    }
    return all;
}

template <class T>
TopKey TopKeys<T>::first(std::size_t slot, std::size_t band) const {
    const std::size_t place = slot * bands_ + band;
    const TopKey* const begin = found_.data() + place * count_;
    const TopKey* const end = begin + sizes_[place];
    const TopKey* const best = std::min_element(
        begin, end, [this](const TopKey& a, const TopKey& b) { return comes_before(a, b); });
    return best == end ? TopKey{} : *best;
}

template class TopKeys<float>;
template class TopKeys<double>;

}  // namespace attn::analysis
