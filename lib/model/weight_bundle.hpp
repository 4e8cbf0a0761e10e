// Weight bundles: which arrays of a file or folder are the projection matrices of which layer.
// Native names are W_Q W_K W_V W_O b_Q b_K b_V b_O, for many layers under "layers" (JSON) or with
// the prefix "layers.N.".
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attention/projection.hpp"
#include "io/inputs.hpp"

namespace attn::model {

struct WeightBundle {
    std::string path;
    std::vector<std::map<std::string, io::StoredArray>> layers;  // native name -> array
    // What the file says about itself.
    std::optional<std::size_t> heads;
    std::optional<bool> causal;
    std::optional<double> scale;
};

// Sorts the container's arrays into layers; other arrays are left alone. Throws Error when no
// layer has projection matrices, a layer is missing in the middle or lacks W_Q, W_K or W_V, or a
// setting has the wrong type.
WeightBundle read_weight_bundle(const io::Container& container);

// Throws Error unless every matrix of the layer fits the others, `d_model` and the number of heads.
// `heads` is what the user asked for; without it the bundle's own word or the shapes decide,
// else 1. Returns the number of heads. Reads no numbers.
std::size_t check_layer(const WeightBundle& bundle, std::size_t layer, std::size_t d_model,
                        std::optional<std::size_t> heads);

// The layer's matrices as the computation takes them. The layer must have passed check_layer.
template <class T>
ProjectionWeights<T> load_layer(io::Inputs& inputs, const WeightBundle& bundle, std::size_t layer,
                                std::size_t heads, io::NonFinite non_finite);

}  // namespace attn::model
