// Arrays that others saved as layers of attention: which axes they have, and where the matrices of
// each layer, sequence and head lie in them.
#pragma once

#include <optional>
#include <string>

#include "source/axes.hpp"
#include "source/mask_options.hpp"
#include "source/stored_parts.hpp"
#include "source/stored_source.hpp"

namespace attn::source {

// How arrays are read: the axes of each, and the one along which they are stacked.
struct Reading {
    Axes axes;
    std::optional<Axis> stacked;
};

// Whether it is an array that `run` wrote, in its folder: then its axes are known.
bool is_of_run(const StoredParts& parts);

// "attn.npz:layer* 12 x [8, 48, 48]", as messages write it.
std::string described(const StoredParts& parts);

// As --axes says (of stacked arrays it names the new axis first, or not at all: then it is layers),
// else the usual axes; those of an array in a folder that `run` wrote are known. Of stacked arrays
// the usual axes are [q, k], [heads, q, k] and [batch, heads, q, k]. `warn` is told which axes were
// taken where others fit as well. Throws Error where the names do not fit the shape, and for a last
// axis of length 1 that nobody named: that is pooling, not attention.
Reading choose_reading(const StoredParts& parts, const std::string& names, const std::string& flag,
                       const Warn& warn);

// [layers, batch, heads, queries, keys] that the arrays have under a reading; axes that it lacks
// have length 1.
Shape extents_under(const StoredParts& parts, const Reading& reading);

// The layers. Arrays whose last axes are q, k are shown where they lie, all others are copied. T is
// float or double. `guess_causal`: only some rows are looked at for being causal.
template <class T>
StoredAttention<T> arrange(io::Inputs& inputs, const StoredParts& parts, const Reading& reading,
                           bool guess_causal = false);

// Looks at the other layers, too.
template <class T>
void look_at_all_layers(StoredAttention<T>& attention);

}  // namespace attn::source
