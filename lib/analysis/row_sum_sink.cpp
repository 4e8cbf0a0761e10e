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

template class RowSumSink<float>;
template class RowSumSink<double>;

}  // namespace attn::analysis
