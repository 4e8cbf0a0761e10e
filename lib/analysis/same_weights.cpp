#include "analysis/same_weights.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>

namespace attn::analysis {
namespace {

// Long enough for vectors, short enough to stop early.
constexpr std::size_t kPiece = 256;

template <class T>
bool are_close(const T* a, const T* b, std::size_t count) {
    int close = 1;
    for (std::size_t i = 0; i < count; ++i)
        close &= std::abs(a[i] - b[i]) < static_cast<T>(kSameWeights) ? 1 : 0;
    return close != 0;
}

}  // namespace

// From the end: the first rows of causal heads are alike.
template <class T>
bool are_same_weights(Span<const T> a, Span<const T> b) {
    assert(a.size() == b.size());
    for (std::size_t end = a.size(); end > 0;) {
        const std::size_t begin = end - std::min(end, kPiece);
        if (!are_close(a.data() + begin, b.data() + begin, end - begin)) return false;
        end = begin;
    }
    return true;
}

template bool are_same_weights(Span<const float>, Span<const float>);
template bool are_same_weights(Span<const double>, Span<const double>);

}  // namespace attn::analysis
