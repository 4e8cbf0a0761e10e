// Weight bundles: which arrays of a checkpoint are the matrices of which layer, under our names,
// and what its family and its config.json say about how they are used. Reads no numbers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "model/layout_match.hpp"
#include "model/model_config.hpp"

namespace attn::model {

struct WeightBundle {
    std::string path;
    const Layout* layout = nullptr;
    ModelConfig config;
    std::string prefix;               // as in LayoutMatch
    std::vector<std::string> others;  // likewise, and all below
    std::vector<NamedArrays> layers;
    NamedArrays model;
    std::vector<std::string> missing;
    std::vector<std::string> missing_attention;
    std::vector<LeftOver> left_over;
    std::vector<std::string> unused;
};

// `layout` is the name of a family (--layout), or empty: names, shapes and config.json decide.
// Throws Error when nothing fits or several do, a layer is missing or lacks its projections, or
// config.json contradicts the arrays.
WeightBundle read_weight_bundle(const io::Container& container, const std::string& layout = "");

// How the model attends where no flag says otherwise.
struct AttentionDefaults {
    std::optional<bool> causal;
    std::optional<double> scale;
    std::optional<double> softcap;
    bool rope = false;
    double rope_theta = 10000;
    double rope_share = 1;  // of d_head, unless rope_dim
    std::optional<std::size_t> rope_dim;
    bool rope_interleaved = false;
    RotaryScaling rope_scaling;
    std::optional<double> window_theta;  // of layers whose RotaryKind is window
    bool scale_by_layer = false;         // layer l has 1 / (l + 1) of the scale
    std::string relative_bias;  // the name of an array, FILE:KEY; of layer 0, see relative_bias()
    std::size_t relative_max_distance = 128;
    bool bidirectional = false;
};

// Throws Error when config.json asks for what is not computed.
AttentionDefaults attention_defaults(const WeightBundle& bundle);

// Keys before its own that a query of the layer sees; without a value: all.
std::optional<std::size_t> window_left(const WeightBundle& bundle, std::size_t layer);

// How a layer of a model with rotary positions rotates queries and keys: as most do, with the base
// of layers that have the window (Gemma 3), or not at all (SmolLM3).
enum class RotaryKind { usual, window, none };
RotaryKind rotary_kind(const WeightBundle& bundle, std::size_t layer);

// The learned sinks of the layer's heads, FILE:KEY (gpt-oss); empty where there are none.
std::string sinks(const WeightBundle& bundle, std::size_t layer);

// The layer's own table of relative positions, FILE:KEY: that of layer 0 in T5, one of each layer
// in UMT5; empty where there is none.
std::string relative_bias(const WeightBundle& bundle, std::size_t layer);

// Throws Error that names what the file lacks of its family's attention, or an array of the layers
// that the family does not know and that may change the attention.
void require_whole_attention(const WeightBundle& bundle);

// The same for its family's blocks, which the input of any but the first layer needs.
void require_whole_blocks(const WeightBundle& bundle);

// Throws Error that names an array which the family does not know and which may change `part`;
// `needed_for` says who asks: "--token-ids".
void require_nothing_left_over(const WeightBundle& bundle, LeftOver::Part part,
                               const std::string& needed_for);

// What a layer's matrices are measured against. Absent numbers of heads are found in the bundle,
// else in the shapes; for native names a single head where nothing says otherwise.
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
    std::size_t d_output = 0;    // columns of what the attention gives
    bool heads_assumed = false;  // nothing says how many there are: taken for one
};

// Throws Error unless every matrix of the layer fits the others, the widths and the heads. Reads
// no numbers.
LayerSizes check_layer(const WeightBundle& bundle, std::size_t layer, const LayerRequest& request);

// The width of the embeddings that layer 0 reads, from the shape of its projections.
std::size_t model_width(const WeightBundle& bundle);

// The same for all heads of a file, without knowing the embeddings: what info says. Throws as
// check_layer.
LayerSizes describe_layer(const WeightBundle& bundle, std::size_t layer);

}  // namespace attn::model
