#include "source/head_matrices.hpp"

#include <algorithm>
#include <atomic>

#include "core/aligned_buffer.hpp"
#include "core/are_zeros.hpp"
#include "core/parallel.hpp"
#include "io/file_bytes.hpp"

namespace attn::source {
namespace {

constexpr std::size_t kRowsOfGuess = 8;  // of each matrix

}  // namespace

template <class T>
HeadMatrices<T>::HeadMatrices(const Array<T>& array, bool mapped)
    : shape_(array.shape()), owners_{array}, mapped_(mapped) {
    assert(array.rank() == 4);
    const std::size_t cells = shape_[2] * shape_[3];
    for (std::size_t matrix = 0; matrix < shape_[0] * shape_[1]; ++matrix)
        matrices_.push_back(array.data() + matrix * cells);
}

template <class T>
HeadMatrices<T>::HeadMatrices(Shape shape, std::vector<const T*> matrices,
                              std::vector<Array<T>> owners, bool mapped)
    : shape_(std::move(shape)),
      matrices_(std::move(matrices)),
      owners_(std::move(owners)),
      mapped_(mapped) {
    assert(matrices_.size() == shape_[0] * shape_[1]);
}

template <class T>
HeadMatrices<T> HeadMatrices<T>::chosen(const std::vector<std::size_t>& sequences,
                                        const std::vector<std::size_t>& heads) const {
    std::vector<const T*> some;
    for (const std::size_t sequence : sequences) {
        for (const std::size_t head : heads) some.push_back(matrices_[sequence * shape_[1] + head]);
    }
    return {
        {sequences.size(), heads.size(), shape_[2], shape_[3]}, std::move(some), owners_, mapped_};
}

template <class T>
void HeadMatrices<T>::forget() const {
    if (!mapped_) return;
    const std::size_t bytes = shape_[2] * shape_[3] * sizeof(T);
    // Neighbours together: pages that two of them share can only be dropped so.
    for (std::size_t first = 0, next = 1; first < matrices_.size(); first = next++) {
        const T* end = matrices_[first] + shape_[2] * shape_[3];
        for (; next < matrices_.size() && matrices_[next] == end; ++next)
            end += shape_[2] * shape_[3];
        io::drop_pages(
            {reinterpret_cast<const std::byte*>(matrices_[first]), (next - first) * bytes});
    }
}

template <class T>
std::size_t HeadMatrices<T>::mapped_bytes() const {
    return mapped_ ? matrices_.size() * shape_[2] * shape_[3] * sizeof(T) : 0;
}

template <class T>
bool may_be_causal(const HeadMatrices<T>& layer) {
    const Shape& shape = layer.shape();
    const std::size_t queries = shape[2], keys = shape[3];
    if (queries != keys || keys < 2) return false;
    const io::MatrixReader<T> reader = layer.reader();
    const AlignedBuffer<T> buffer(reader.copies() ? keys : 0);
    const std::size_t step = std::max<std::size_t>(queries / kRowsOfGuess, 1);
    for (std::size_t matrix = 0; matrix < shape[0] * shape[1]; ++matrix) {
        for (std::size_t row = 0; row + 1 < queries; row += step) {
            const T* const cells = reader.rows(matrix, row, 1, buffer.data()).data;
            if (!are_zeros(cells + row + 1, keys - row - 1)) return false;
        }
    }
    return true;
}

template <class T>
bool looks_causal(const HeadMatrices<T>& layer) {
    const Shape& shape = layer.shape();
    const std::size_t queries = shape[2], keys = shape[3];
    if (queries != keys || keys < 2) return false;
    std::atomic<bool> leaks{false};
    const io::MatrixReader<T> reader = layer.reader();
    const std::size_t most =
        std::clamp<std::size_t>(io::kReadAtOnce / (keys * sizeof(T)), 1, queries);
    parallel_for(shape[0] * shape[1], [&](std::size_t matrix) {
        const AlignedBuffer<T> buffer(reader.copies() ? most * keys : 0);
        for (std::size_t first = 0; first < queries && !leaks; first += most) {
            const std::size_t count = std::min(most, queries - first);
            const T* cells = reader.rows(matrix, first, count, buffer.data()).data;
            for (std::size_t row = first; row < first + count && !leaks; ++row, cells += keys) {
                if (!are_zeros(cells + row + 1, keys - row - 1)) leaks = true;
            }
        }
    });
    return !leaks;
}

template <class T>
std::optional<CausalLeak> find_causal_leak(const HeadMatrices<T>& layer) {
    const Shape& shape = layer.shape();
    const std::size_t size = shape[3];
    if (shape[2] != size || size < 3) return std::nullopt;
    CausalLeak leak;
    const std::size_t few = size * (size - 1) / 6;  // a third of the cells right of the diagonal
    for (std::size_t item = 0; item < shape[0] * shape[1]; ++item) {
        const MatrixView<const T> matrix = layer.matrix(item / shape[1], item % shape[1]);
        // Zeros on both sides are padding or a window.
        const Span<const T> last = matrix.row(size - 1);
        const auto zeros = std::count(last.begin(), last.end(), T{0});
        if (4 * static_cast<std::size_t>(zeros) > size) return std::nullopt;
        std::size_t cells = 0;
        for (std::size_t query = 0; query + 1 < size; ++query) {
            const Span<const T> row = matrix.row(query);
            for (std::size_t key = query + 1; key < size; ++key) {
                if (row[key] == 0) continue;
                if (leak.cells + cells == 0)
                    leak = {0, item / shape[1], item % shape[1], query, key};
                if (++cells > few) return std::nullopt;
            }
        }
        leak.cells += cells;
    }
    if (leak.cells == 0) return std::nullopt;
    return leak;
}

template class HeadMatrices<float>;
template class HeadMatrices<double>;
template bool may_be_causal(const HeadMatrices<float>&);
template bool may_be_causal(const HeadMatrices<double>&);
template bool looks_causal(const HeadMatrices<float>&);
template bool looks_causal(const HeadMatrices<double>&);
template std::optional<CausalLeak> find_causal_leak(const HeadMatrices<float>&);
template std::optional<CausalLeak> find_causal_leak(const HeadMatrices<double>&);

}  // namespace attn::source
