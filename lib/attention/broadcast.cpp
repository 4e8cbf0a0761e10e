#include "attention/broadcast.hpp"

#include <cstdint>

#include "core/error.hpp"

namespace attn {

template <class T>
Broadcast<T>::Broadcast(const Array<T>& values, const AttentionSizes& sizes,
                        const std::string& name, const std::string& flag)
    : values_(values) {
    const Shape whole{sizes.batch, sizes.heads, sizes.queries, sizes.keys};
    Shape shape = values.shape();
    bool fits = !shape.empty() && shape.size() <= whole.size();
    if (fits) {
        shape.insert(shape.begin(), whole.size() - shape.size(), 1);
        for (std::size_t axis = 0; axis < 3; ++axis) {
            fits = fits && (shape[axis] == 1 || shape[axis] == whole[axis]);
        }
        fits = fits && shape[3] <= whole[3];
    }
    if (!fits) {
        fail(name, " ", to_string(values.shape()), ": does not broadcast to ", to_string(whole),
             " [batch, heads, queries, keys] (", flag, ")");
    }
    const bool one_key = shape[3] == 1;
    keys_ = one_key ? sizes.keys : shape[3];
    key_stride_ = one_key ? 0 : 1;
    query_stride_ = shape[2] == 1 ? 0 : shape[3];
    head_stride_ = shape[1] == 1 ? 0 : shape[2] * shape[3];
    batch_stride_ = shape[0] == 1 ? 0 : shape[1] * shape[2] * shape[3];
}

template class Broadcast<float>;
template class Broadcast<double>;

}  // namespace attn
