// The numbers of one layer, read when its turn comes: a model may be larger than the memory.
#pragma once

#include "attention/block.hpp"
#include "attention/projection.hpp"
#include "io/inputs.hpp"
#include "model/weight_bundle.hpp"

namespace attn::model {

template <class T>
struct LayerWeights {
    ProjectionWeights<T> attention;
    BlockWeights<T> block;
};

// What is read of the parts of a block beside its attention.
enum class BlockParts {
    before_attention,  // the norm in front of it
    around_attention,  // and those behind it
    all,
};

// `sizes` is what check_layer found. Throws Error when an array does not fit or holds what
// `non_finite` refuses.
template <class T>
LayerWeights<T> load_layer(io::Inputs& inputs, const WeightBundle& bundle, std::size_t layer,
                           const LayerSizes& sizes, io::NonFinite non_finite, BlockParts parts);

// Gives the memory of a layer's mapped files back to the system; what is needed again is read
// again.
void release_layer(const WeightBundle& bundle, std::size_t layer);

// The norm whose arrays are `name`.weight and `name`.bias among `arrays`, over `width` values;
// NormKind::none where the family has no such norm.
template <class T>
Norm<T> load_norm(io::Inputs& inputs, const WeightBundle& bundle, const NamedArrays& arrays,
                  const std::string& name, std::size_t width, io::NonFinite non_finite);

}  // namespace attn::model
