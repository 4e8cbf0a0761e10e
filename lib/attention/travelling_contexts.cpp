#include "attention/travelling_contexts.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/byte_text.hpp"
#include "core/divide_up.hpp"
#include "core/side_exchange.hpp"

namespace attn {
namespace {

// What is left to send behind the last tile is one part. Smaller ones would not fill a message, and
// each is a round of its own.
constexpr std::size_t kMostParts = 16;
constexpr std::size_t kLeastBytes = std::size_t{1} << 20;

std::size_t index_of(const TilePlace& place, const LayerShape& shape) {
    return (place.sequence * shape.heads + place.head) * shape.blocks() + place.block;
}

// [sequences, heads, blocks]
std::vector<std::size_t> ranks_of_tiles(const Division& division, const LayerShape& shape) {
    std::vector<std::size_t> ranks;
    ranks.reserve(shape.sequences * shape.heads * shape.blocks());
    if (division.cuts_heads()) {
        for (const RowPiece& piece : division.pieces)
            ranks.insert(ranks.end(), divide_up(piece.end - piece.begin, shape.block_rows),
                         piece.rank);
        return ranks;
    }
    for (std::size_t sequence = 0; sequence < shape.sequences; ++sequence) {
        for (std::size_t head = 0; head < shape.heads; ++head)
            ranks.insert(ranks.end(), shape.blocks(), division.owner(sequence, head));
    }
    return ranks;
}

}  // namespace

template <class T>
TravellingContexts<T>::TravellingContexts(Division division, const LayerShape& shape,
                                          const TileOrder& order, T* contexts)
    : division_(std::move(division)), shape_(shape), contexts_(contexts) {
    if (division_.is_whole()) return;
    const std::size_t ranks = division_.ranks.size();
    const std::vector<std::size_t> rank_of = ranks_of_tiles(division_, shape);
    tiles_.resize(ranks);
    for (std::size_t item = 0; item < order.tiles(); ++item) {
        const TilePlace place = order.place(item);
        tiles_[rank_of[index_of(place, shape)]].push_back(place);
    }
    const std::size_t bytes =
        shape.sequences * shape.queries * shape.heads * shape.d_value * sizeof(T);
    parts_ = std::clamp<std::size_t>(bytes / ranks / kLeastBytes, 1, kMostParts);
    part_.resize(rank_of.size());
    for (std::size_t part = 0; part < parts_; ++part) {
        const Places own = part_of(division_.ranks.rank(), part);
        left_.push_back(own.size());
        for (const TilePlace& place : own) part_[index_of(place, shape)] = part;
    }
}

template <class T>
std::vector<TilePlace> TravellingContexts<T>::part_of(std::size_t rank, std::size_t part) const {
    const Places& all = tiles_[rank];
    const auto at = [&](std::size_t end) {
        return all.begin() + static_cast<std::ptrdiff_t>(end * all.size() / parts_);
    };
    return {at(part), at(part + 1)};
}

template <class T>
template <class Visit>
void TravellingContexts<T>::for_rows(const Places& places, const Visit& visit) const {
    const std::size_t columns = shape_.heads * shape_.d_value;
    for (const TilePlace& place : places) {
        const std::size_t first = place.block * shape_.block_rows;
        for (std::size_t row = 0; row < shape_.rows_of_block(place.block); ++row) {
            visit(contexts_ + (place.sequence * shape_.queries + first + row) * columns +
                  place.head * shape_.d_value);
        }
    }
}

template <class T>
void TravellingContexts<T>::finish(const TilePlace& place) {
    if (division_.is_whole()) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (--left_[part_[index_of(place, shape_)]] == 0) changed_.notify_all();
}

// False: it will never be done.
template <class T>
bool TravellingContexts<T>::wait_for(std::size_t part) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || left_[part] == 0; });
    return left_[part] == 0 && !stopped_;
}

template <class T>
void TravellingContexts<T>::pass_round() {
    const Communicator& ranks = division_.ranks;
    for (std::size_t part = 0; part < parts_; ++part) {
        if (!wait_for(part)) return;
        ByteWriter own;
        for_rows(part_of(ranks.rank(), part),
                 [&](const T* row) { own.put_values(row, shape_.d_value); });
        const std::vector<std::string> all = ranks.gather_all(own.bytes());
        for (std::size_t rank = 0; rank < all.size(); ++rank) {
            if (rank == ranks.rank()) continue;
            ByteReader theirs(all[rank]);
            for_rows(part_of(rank, part), [&](T* row) { theirs.take_values(row, shape_.d_value); });
            assert(theirs.at_end());
        }
    }
}

template <class T>
void TravellingContexts<T>::meanwhile(const std::function<void()>& loop) {
    if (division_.is_whole()) return loop();
    exchange_meanwhile([this] { pass_round(); }, loop,
                       [this] {
                           const std::lock_guard<std::mutex> lock(mutex_);
                           stopped_ = true;
                           changed_.notify_all();
                       });
}

template class TravellingContexts<float>;
template class TravellingContexts<double>;

}  // namespace attn
