#include "analysis/difference_sink.hpp"

#include "attention/whole_rows.hpp"

namespace attn::analysis {

template <class T>
void DifferenceSink<T>::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    first_ = heads_.size();
    heads_.resize(first_ + shape.slots());
    rows_.assign(shape.slots(), std::vector<RowDifference>(shape.queries));
}

template <class T>
void DifferenceSink<T>::consume(const Tile<T>& tile) {
    const MatrixView<const T> held =
        held_(shape_.layer, tile.sequence, shape_.number_of(tile.head));
    std::vector<RowDifference>& rows = rows_[shape_.slot(tile.sequence, tile.head)];
    const WholeRows<T> whole(tile, shape_.keys);
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        const std::size_t query = tile.first_query + row;
        rows[query] =
            compare_rows<T>(held.row(query), whole.tile().weights.row(row), tolerance_, grain_);
    }
}

template <class T>
void DifferenceSink<T>::end_head(std::size_t sequence, std::size_t place) {
    const std::size_t slot = shape_.slot(sequence, place);
    heads_[first_ + slot] = {shape_.layer, sequence, shape_.number_of(place),
                             fold(rows_[slot], shape_.keys)};
    rows_[slot] = {};
}

template <class T>
void DifferenceSink<T>::save_head(std::size_t sequence, std::size_t place, ByteWriter& to) const {
    save(heads_[first_ + shape_.slot(sequence, place)].values, to);
}

template <class T>
void DifferenceSink<T>::restore_head(std::size_t sequence, std::size_t place, ByteReader& from) {
    HeadDifference& head = heads_[first_ + shape_.slot(sequence, place)];
    head = {shape_.layer, sequence, shape_.number_of(place), {}};
    restore(head.values, from);
}

template class DifferenceSink<float>;
template class DifferenceSink<double>;

}  // namespace attn::analysis
