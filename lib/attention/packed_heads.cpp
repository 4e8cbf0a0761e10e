#include "attention/packed_heads.hpp"

#include <algorithm>
#include <cmath>

#include "core/magnitude.hpp"
#include "core/parallel.hpp"

namespace attn {
namespace {

template <class T>
T largest_of(MatrixView<const T> matrix) {
    if (matrix.stride == matrix.columns)
        return largest_magnitude(matrix.data, matrix.rows * matrix.columns);
    T largest{0};
    for (std::size_t row = 0; row < matrix.rows; ++row) {
        const T found = largest_magnitude(matrix.row(row).data(), matrix.columns);
        if (!(found <= largest)) largest = found;
        if (!is_finite(largest)) break;
    }
    return largest;
}

}  // namespace

template <class T>
PackedHeads<T>::PackedHeads(const HeadsView<T>& k, const HeadsView<T>& v)
    : kv_heads_(k.heads),
      keys_(kernels<T>(), k.batch * k.heads, k.width, k.tokens),
      values_(kernels<T>(), k.batch * k.heads, v.tokens, v.width),
      largest_keys_(k.batch * k.heads),
      broken_values_(k.batch * k.heads) {
    parallel_for(k.batch * k.heads, [&](std::size_t item) {
        const MatrixView<const T> keys = k.head(item / kv_heads_, item % kv_heads_);
        keys_.pack_transposed(item, keys);
        largest_keys_[item] = largest_of(keys);
        pack_values(item, v.head(item / kv_heads_, item % kv_heads_));
    });
}

template <class T>
void PackedHeads<T>::pack_values(std::size_t matrix, MatrixView<const T> values) {
    if (is_finite(largest_of(values))) return values_.pack(matrix, values);
    std::vector<T> clean(values.rows * values.columns);
    for (std::size_t key = 0; key < values.rows; ++key) {
        const Span<const T> row = values.row(key);
        std::transform(row.begin(), row.end(),
                       clean.begin() + static_cast<std::ptrdiff_t>(key * values.columns),
                       [](T value) { return std::isfinite(value) ? value : T{0}; });
        if (!is_finite(largest_magnitude(row.data(), row.size())))
            broken_values_[matrix].push_back(key);
    }
    values_.pack(matrix, {clean.data(), values.rows, values.columns});
}

template class PackedHeads<float>;
template class PackedHeads<double>;

}  // namespace attn
