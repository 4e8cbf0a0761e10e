// Whether a checkpoint's arrays are those that its config.json describes.
#pragma once

#include "io/container.hpp"
#include "model/weight_bundle.hpp"

namespace attn::model {

// Tells LayerNorm from RMSNorm by the arrays, in a family that has both and where config.json does
// not say: TransformerLens' first norm is an RMSNorm where it has a weight and no bias.
void infer_norm(WeightBundle& bundle);

// Throws Error with both where they contradict each other: numbers of layers, widths, biases and
// norms that the one has and the other has not, layer_types of another length.
void require_agreement(const io::Container& container, const WeightBundle& bundle);

}  // namespace attn::model
