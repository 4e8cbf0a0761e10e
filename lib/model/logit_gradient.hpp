// From one logit back to the hidden state behind the last layer.
#pragma once

#include <string>

#include "core/array.hpp"
#include "io/inputs.hpp"
#include "model/weight_bundle.hpp"

namespace attn::model {

// Entry `entry` of the vocabulary at position `token` of every sequence. `flag`: who asks, for
// messages.
struct LogitPlace {
    std::size_t token = 0;
    std::size_t entry = 0;
    std::string flag;
};

// The gradient of the logit with respect to x [batch, tokens, d_model], what the last layer gives:
// through its row of the matrix, the soft cap where there is one, and the norm behind the last
// layer. Throws Error for an entry that the vocabulary lacks, and as make_logits().
template <class T>
Array<T> logit_gradient(io::Inputs& inputs, const WeightBundle& bundle, const Array<T>& x,
                        const LogitPlace& place, io::NonFinite non_finite);

}  // namespace attn::model
