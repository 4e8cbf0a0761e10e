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
    std::optional<std::size_t> kv_heads;
    std::optional<bool> causal;
    std::optional<double> scale;
};

// Sorts the container's arrays into layers; other arrays are left alone. Throws Error when no
// layer has projection matrices, a layer is missing in the middle or lacks W_Q, W_K or W_V, or a
// setting has the wrong type.
WeightBundle read_weight_bundle(const io::Container& container);

// What a layer's matrices are measured against. Absent numbers of heads are found in the bundle,
// else in the shapes; a single head where nothing says otherwise.
struct LayerRequest {
    std::size_t d_model = 0;
    std::size_t d_context = 0;  // width of what keys and values are made from
    std::optional<std::size_t> heads;
    std::optional<std::size_t> kv_heads;
};

struct LayerSizes {
    std::size_t heads = 1;
    std::size_t kv_heads = 1;
    std::size_t d_head = 0;
    std::size_t d_value = 0;
    std::size_t d_output = 0;  // columns of the layer's output
};

// Throws Error unless every matrix of the layer fits the others, the widths and the heads. Reads
// no numbers.
LayerSizes check_layer(const WeightBundle& bundle, std::size_t layer, const LayerRequest& request);

// The layer's matrices as the computation takes them. `sizes` is what check_layer found.
template <class T>
ProjectionWeights<T> load_layer(io::Inputs& inputs, const WeightBundle& bundle, std::size_t layer,
                                const LayerSizes& sizes, io::NonFinite non_finite);

}  // namespace attn::model
