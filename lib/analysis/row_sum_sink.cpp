#include "analysis/row_sum_sink.hpp"

namespace attn::analysis {

template <class T>
void RowSumSink<T>::consume(const Tile<T>& tile) {
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        const KeyRange allowed = tile.allowed[row];
        const T* const weights = tile.weights.row(row).data();
        double sum = 0;
        for (std::size_t key = allowed.begin; key < allowed.end; ++key) {
            if (tile.blocked.empty() || tile.may_attend(row, key))
                sum += static_cast<double>(weights[key - tile.active.begin]);
        }
        watch_.see(
            {tile.layer, tile.sequence, shape_.number_of(tile.head), tile.first_query + row, sum});
    }
}

// What is first on any rank is first in its head.
template <class T>
void RowSumSink<T>::save_head(std::size_t sequence, std::size_t head, ByteWriter& to) const {
    std::optional<FarRow> row = first();
    if (row && (row->layer != shape_.layer || row->sequence != sequence ||
                row->head != shape_.number_of(head)))
        row.reset();
    to.put(row.has_value());
    to.put(row.value_or(FarRow()));
}

template <class T>
void RowSumSink<T>::restore_head(std::size_t, std::size_t, ByteReader& from) {
    bool found = false;
    FarRow row;
    from.take(found);
    from.take(row);
    if (found) watch_.see(row);
}

template class RowSumSink<float>;
template class RowSumSink<double>;

}  // namespace attn::analysis
