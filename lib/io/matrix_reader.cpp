#include "io/matrix_reader.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace attn::io {
namespace {

// A process may have some hundred descriptors.
constexpr std::size_t kMostPlaces = 32;

}  // namespace

template <class T>
MatrixReader<T>::MatrixReader(std::vector<const T*> matrices, std::size_t rows, std::size_t columns)
    : matrices_(std::move(matrices)), rows_(rows), columns_(columns) {
    const std::size_t cells = rows * columns;
    std::vector<Span<const std::byte>> runs;
    for (std::size_t i = 0; i < matrices_.size(); ++i) {
        const auto* const begin = reinterpret_cast<const std::byte*>(matrices_[i]);
        if (i > 0 && matrices_[i] == matrices_[i - 1] + cells)
            runs.back() = {runs.back().data(), runs.back().size() + cells * sizeof(T)};
        else
            runs.emplace_back(begin, cells * sizeof(T));
        places_.push_back({runs.size() - 1, static_cast<std::size_t>(begin - runs.back().data())});
    }
    if (runs.size() > kMostPlaces) return;
    for (const Span<const std::byte>& run : runs) {
        readers_.emplace_back(run);
        copies_ = copies_ || readers_.back().copies();
    }
}

template <class T>
MatrixView<const T> MatrixReader<T>::rows(std::size_t matrix, std::size_t first, std::size_t count,
                                          T* buffer) const {
    assert(first + count <= rows_);
    if (!copies_) return {matrices_[matrix] + first * columns_, count, columns_};
    const std::size_t row = columns_ * sizeof(T);
    const Place& place = places_[matrix];
    const std::byte* const at = readers_[place.reader].at_hand(
        place.offset + first * row, count * row, reinterpret_cast<std::byte*>(buffer));
    return {reinterpret_cast<const T*>(at), count, columns_};
}

template class MatrixReader<float>;
template class MatrixReader<double>;

}  // namespace attn::io
