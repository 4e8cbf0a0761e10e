#include "attention/broadcast.hpp"

#include <algorithm>
#include <limits>

#include "core/error.hpp"

namespace attn {
namespace {

template <class T>
bool holds_minus_infinity(Span<const T> values) {
    constexpr std::size_t kPiece = 4096;
    for (std::size_t begin = 0; begin < values.size(); begin += kPiece) {
        const std::size_t end = std::min(values.size(), begin + kPiece);
        unsigned found = 0;  // no branch for each
        for (std::size_t i = begin; i < end; ++i)
            found |= static_cast<unsigned>(values[i] == -std::numeric_limits<T>::infinity());
        if (found != 0) return true;
    }
    return false;
}

}  // namespace

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
    forbids_ = holds_minus_infinity(values.values());
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
