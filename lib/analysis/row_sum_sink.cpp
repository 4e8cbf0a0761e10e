#include "analysis/row_sum_sink.hpp"

#include <vector>

namespace attn::analysis {

template <class T>
void RowSumSink<T>::consume(const Tile<T>& tile) {
    std::vector<T> weights;
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        const KeyRange allowed = tile.allowed[row];
        const T* const from = tile.weights.row(row).data();
        weights.clear();
        for (std::size_t key = allowed.begin; key < allowed.end; ++key) {
            if (tile.blocked.empty() || tile.may_attend(row, key))
                weights.push_back(from[key - tile.active.begin]);
        }
        watch_.see({tile.layer, tile.sequence, shape_.number_of(tile.head), tile.first_query + row},
                   Span<const T>(weights));
    }
}

template class RowSumSink<float>;
template class RowSumSink<double>;

}  // namespace attn::analysis
