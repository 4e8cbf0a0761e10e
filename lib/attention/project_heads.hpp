// From what a layer reads to the queries, keys and values of its heads.
#pragma once

#include "attention/layer.hpp"
#include "core/communicator.hpp"

namespace attn {

// The projections of x [batch, queries, d_model] and `context` [batch, new keys, d_context],
// normalised but not placed. The output is empty. Of several `ranks` each makes some of the rows.
// Each matrix goes as soon as it was used.
template <class T>
LayerResult<T> project_heads(const Array<T>& x, const Array<T>& context,
                             ProjectionWeights<T> weights, const Communicator& ranks = {});

}  // namespace attn
