// What stands around the attention of a layer: normalisations, the residual stream and the
// feed-forward part, for every way in which published models arrange them.
#pragma once

#include <optional>

#include "attention/feed_forward.hpp"
#include "attention/normalisation.hpp"
#include "attention/overflow.hpp"

namespace attn {

// Norms that a block lacks are NormKind::none. With a = attention and f = feed-forward:
//   a' = after_attention(a(before_attention(x)))
//   y  = after_attention_sum(x + a')
//   z  = after_feed_forward_sum(y + after_feed_forward(f(before_feed_forward(y))))
// and in a parallel block f reads x instead of y. A block without f gives y. Pre-norm models have
// the two norms "before", post-norm models those "after … sum", Gemma 2 has "before" and "after".
template <class T>
struct BlockWeights {
    Norm<T> before_attention;
    Norm<T> after_attention;
    Norm<T> after_attention_sum;
    Norm<T> before_feed_forward;
    Norm<T> after_feed_forward;
    Norm<T> after_feed_forward_sum;
    std::optional<FeedForwardWeights<T>> feed_forward;
    bool parallel = false;  // attention and feed-forward read the same x (Wang & Komatsuzaki 2021)
};

// What the projections of the layer read, [batch, tokens, d_model].
template <class T>
Array<T> attention_input(const BlockWeights<T>& block, const Array<T>& x);

// The block's output, the next block's x. `attended` is what attention gave for attention_input(x).
// Throws Error for an output that is not finite, unless the guard lets it through.
template <class T>
Array<T> block_output(const BlockWeights<T>& block, const Array<T>& x, const Array<T>& attended,
                      const OverflowGuard& guard = {});

// x + y of equal shapes.
template <class T>
Array<T> add(const Array<T>& x, const Array<T>& y);

}  // namespace attn
