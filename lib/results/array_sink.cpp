#include "results/array_sink.hpp"

#include <algorithm>
#include <limits>

#include "core/phase_clock.hpp"
#include "results/folder_layout.hpp"

namespace attn::results {
namespace {

// Bytes of zeros in a row from which on it is cheaper to write the rest of it alone.
constexpr std::size_t kSparseGap = 4096;

}  // namespace

template <class T>
ArraySink<T>::ArraySink(io::OutputFolder& folder, ArrayChoice choice, bool batch_axis)
    : folder_(folder), choice_(choice), batch_axis_(batch_axis) {}

template <class T>
Needs ArraySink<T>::needs() const {
    Needs needs;
    needs.scores = choice_.scores;
    needs.row_sums = choice_.logsumexp;
    return needs;
}

template <class T>
std::unique_ptr<io::NpyWriter> ArraySink<T>::create(const std::string& name, const Shape& of_row) {
    Shape shape{shape_.heads_streamed(), shape_.queries};
    shape.insert(shape.end(), of_row.begin(), of_row.end());
    if (batch_axis_) shape.insert(shape.begin(), shape_.sequences_streamed());
    return std::make_unique<io::NpyWriter>(
        folder_.stage(array_file(shape_.layer, name)), dtype_of<T>(), shape,
        folder_.is_shared() ? io::Makers::several : io::Makers::one);
}

template <class T>
void ArraySink<T>::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    if (choice_.scores) scores_ = create("scores", {shape.keys});
    if (choice_.weights) weights_ = create("weights", {shape.keys});
    if (choice_.context) context_ = create("context", {shape.d_value});
    if (choice_.logsumexp) logsumexp_ = create("logsumexp", {});
}

template <class T>
void ArraySink<T>::consume(const Tile<T>& tile) {
    const InPhase phase(Phase::write);
    if (scores_) {
        write_cells(*scores_, tile.scores, tile, -std::numeric_limits<T>::infinity());
    }
    if (weights_) write_cells(*weights_, tile.weights, tile, T{0});
    if (context_) write_context(tile);
    if (logsumexp_) {
        const std::vector<T> rows(tile.logsumexp.begin(), tile.logsumexp.end());
        logsumexp_->write(row_index(tile), Span<const T>(rows));
    }
}

template <class T>
std::size_t ArraySink<T>::row_index(const Tile<T>& tile) const {
    return shape_.slot(tile.sequence, tile.head) * shape_.queries + tile.first_query;
}

template <class T>
void ArraySink<T>::write_cells(const io::NpyWriter& file, MatrixView<const T> cells,
                               const Tile<T>& tile, T masked) const {
    const std::size_t offset = row_index(tile) * shape_.keys;
    if (cells.columns == shape_.keys && cells.stride == shape_.keys) {
        file.write(offset, Span<const T>(cells.data, cells.rows * cells.columns));
        return;
    }
    const std::size_t gap = (shape_.keys - cells.columns) * sizeof(T);
    if (masked == T{0} && gap >= kSparseGap) {
        // The file is all zeros already, and its holes take no room.
        for (std::size_t row = 0; row < cells.rows; ++row)
            file.write(offset + row * shape_.keys + tile.active.begin, cells.row(row));
        return;
    }
    std::vector<T> rows(cells.rows * shape_.keys, masked);
    for (std::size_t row = 0; row < cells.rows; ++row) {
        const Span<const T> from = cells.row(row);
        std::copy(from.begin(), from.end(), rows.data() + row * shape_.keys + tile.active.begin);
    }
    file.write(offset, Span<const T>(rows));
}

template <class T>
void ArraySink<T>::write_context(const Tile<T>& tile) const {
    std::vector<T> rows;
    rows.reserve(tile.context.rows * shape_.d_value);
    for (std::size_t row = 0; row < tile.context.rows; ++row) {
        const Span<const T> from = tile.context.row(row);
        rows.insert(rows.end(), from.begin(), from.end());
    }
    context_->write(row_index(tile) * shape_.d_value, Span<const T>(rows));
}

template <class T>
void ArraySink<T>::end_tiles() {
    for (auto* file : {&scores_, &weights_, &context_, &logsumexp_}) {
        if (*file) (*file)->close();
        file->reset();
    }
}

template class ArraySink<float>;
template class ArraySink<double>;

}  // namespace attn::results
