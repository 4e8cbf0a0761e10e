// The families of checkpoints that are recognised: under which names each keeps its matrices, how
// they lie, and what their config.json does not say because the code of the family fixes it. A new
// family is a new row in decoder_layouts.cpp or encoder_layouts.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attention/feed_forward.hpp"
#include "attention/normalisation.hpp"
#include "attention/rotary.hpp"

namespace attn::model {

// How queries, keys and values share one matrix.
enum class FusedOrder {
    blocks,    // all queries, then all keys, then all values
    per_head,  // query, key and value of head 0, then those of head 1: GPT-NeoX
};

// An array: what we call it and what the family does. In a layer our names are W_Q W_K W_V W_QKV
// W_O and b_Q …, q_norm, k_norm, sinks, relative_bias, W_in W_gate W_gate_in W_out b_in b_gate
// b_out, and the norms of BlockWeights; of the whole model token_table, position_table, type_table,
// embedding_norm, final_norm, W_logits, b_logits. A norm's arrays end in .weight and .bias.
struct TensorName {
    std::string ours;
    std::string theirs;       // without the prefix of the layer, or of the model
    bool optional = false;    // absent from all layers, or from none
    bool only_first = false;  // layer 0 has it for all of them
};

struct Layout {
    std::string name;                      // as --layout takes it: "gpt2"
    std::string title;                     // as info says it: "GPT-2 (Hugging Face)"
    std::vector<std::string> model_types;  // of config.json
    // Names of the model start with one of `bases` ("model."), where they were not saved without
    // it; those that start with "/" never do. Names of layer 3 go on with `layer`, {} standing for
    // the 3; empty: the file is one layer.
    std::vector<std::string> bases;
    std::string layer;
    std::vector<TensorName> in_layer;
    std::vector<TensorName> in_model;
    // What tells it from families of the same names: arrays of layer 0 that must or must not be
    // there.
    std::vector<std::string> marks;
    std::vector<std::string> foreign;
    std::vector<std::string> ignored;  // buffers and arrays with another purpose; ends of names
    // Arrays of a layer that change the result in a way we do not compute, and what they are.
    std::vector<std::pair<std::string, std::string>> refused;

    MatrixOrder order = MatrixOrder::out_in;
    MatrixOrder logits_order = MatrixOrder::out_in;
    FusedOrder fused = FusedOrder::blocks;
    bool causal = true;
    bool positions_turn = false;  // rotary
    double rotary_share = 1;      // of d_head, where config.json does not say
    std::optional<double> scale;  // default 1 / sqrt(d_head)
    bool relative_positions = false;
    std::size_t first_position = 0;  // row of the position table for token 0
    bool scaled_embeddings = false;  // times sqrt(d_model)
    NormKind norm = NormKind::layer;
    double norm_weight_plus = 0;
    double epsilon = 1e-5;
    bool post_norm = false;
    bool norms_move = false;  // to the front, where norm_first is true: nn.TransformerEncoderLayer
    bool norms_may_be_bare = false;  // no arrays at all: TransformerLens' LNPre
    bool parallel = false;
    Activation activation = Activation::gelu_tanh;
    std::size_t full_period = 0;  // 2: layers 1, 3, 5 … see every key, the others have the window
    bool tied = false;            // logits are made with the token table, without W_logits
};

const std::vector<Layout>& layouts();

// Throws Error with the nearest name.
const Layout& find_layout(const std::string& name);

}  // namespace attn::model
