// The backward pass of the feed-forward part of a block.
#pragma once

#include "attention/feed_forward.hpp"

namespace attn {

// d activate(activation, x) / dx; relu has 0 at 0.
template <class T>
T activation_slope(Activation activation, T x);

// dL/dx [batch, tokens, d_model] from dL/dy, y = feed_forward(x, weights).
template <class T>
Array<T> feed_forward_backward(const Array<T>& x, const FeedForwardWeights<T>& weights,
                               const Array<T>& dy);

}  // namespace attn
