// Attention computed the plain way, in double and with the whole matrix in memory, and with any of
// the mistakes that people make. For diagnosis: the engine computes what is right.
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "analysis/rounding.hpp"
#include "attention/layer.hpp"

namespace attn::analysis {

enum class SoftmaxAxis { keys, queries, heads };

// How the contexts of the heads become one vector for each token.
enum class Merge {
    side_by_side,
    without_transpose,   // [heads, n, d] read as [n, heads * d]
    dimensions_outside,  // [n, d, heads]
};

// Which keys the lengths of the sequences mask: those from the length on, or instead of them the
// same number in front, those below it, or all of the queries from the length on.
enum class Padding { right, left, inverted, queries };

// What makes weights of scores.
enum class Activation { softmax, sigmoid, relu };

// What is done differently from what was asked for. Nothing by default.
struct Mistakes {
    bool transposed_weights = false;  // x @ W.T
    bool missing_biases = false;
    bool missing_b_Q = false, missing_b_K = false, missing_b_V = false, missing_b_O = false;
    bool missing_W_O = false;  // and its bias
    bool transposed_W_O = false;
    bool added_residual = false;  // to the output
    Merge merge = Merge::side_by_side;
    bool missing_input_norm = false;
    bool missing_norm_weight = false;      // of the norm in front
    double norm_weight_plus = 0;           // added to it
    bool other_norm_kind = false;          // LayerNorm for RMSNorm or the other way round
    bool norms_after_rotary = false;       // of queries and keys
    bool missing_head_norms = false;       // of queries and keys
    bool swapped_keys_and_values = false;  // not those of a cache
    bool heads_by_reshape = false;         // [n, heads * d] read as [heads, n, d]
    bool heads_interleaved = false;        // [n, heads * d] read as [n, d, heads]
    std::ptrdiff_t token_shift = 0;        // of new keys and values: -1 for the token before
    bool reversed_tokens = false;          // new ones, with queries and the residual
    std::ptrdiff_t sequence_shift = 0;     // likewise, around the end: -1 for the token before
    bool kv_of_next_sequence = false;      // of new keys and values, not those of a cache
    bool unit_heads = false;               // queries and keys divided by their lengths
    double key_levels = 0;       // keys rounded to as many steps on either side of 0, by rows
    bool cache_last = false;     // new keys in front of those of the cache
    bool cache_of_next = false;  // sequence
    std::vector<std::size_t> head_order;   // which head stands in the place of each; empty: itself
    std::vector<std::size_t> value_order;  // likewise, of key/value heads, whose values it is
    std::vector<std::size_t> kv_order;     // likewise, whose keys and values they are
    bool keys_of_next_layer = false;       // keys and values, as that layer makes them
    bool matrices_of_next_layer = false;   // W_K and W_V, and their biases
    bool missing_rotary = false;
    bool unrotated_keys = false;
    bool unrotated_queries = false;
    bool rotated_values = false;
    bool opposite_turn = false;
    bool unsigned_turn = false;  // x1 cos + x2 sin, x2 cos + x1 sin
    bool rotated_twice = false;
    bool mixed_pairs = false;               // angles in the order of the other pairs
    std::optional<std::size_t> rotary_dim;  // dimensions that are rotated
    std::size_t turned_pairs = 0;           // the first ones only; 0: all
    bool angles_of_heads = false;           // of a head's number, whichever the token
    std::ptrdiff_t query_step = 0;          // added to the positions of the queries
    std::ptrdiff_t position_step = 0;       // of queries and new keys
    bool queries_from_0 = false;
    std::optional<double> rotary_theta;  // instead of the frequencies, not stretched
    bool positions_from_0 = false;       // behind a cache, too
    bool other_rotary_pairs = false;     // half-split for interleaved or the other way round
    bool other_query_pairs = false, other_key_pairs = false;  // the same of one side only
    std::size_t other_pairs_until = 0;      // likewise, of the dimensions before this one only
    bool other_kv_order = false;            // tiled for repeated or the other way round
    bool one_kv_head = false;               // the first one for all
    std::size_t averaged_kv_heads = 0;      // so many neighbours give way to their mean; 0: none
    bool swapped_queries_and_keys = false;  // k qᵀ
    std::optional<double> scale;
    std::optional<double> softcap;
    bool missing_softcap = false;
    bool softcap_after_mask = false;  // masked scores become -cap
    std::optional<bool> causal;
    std::ptrdiff_t shift = 0;      // of the queries' positions: -1 hides the query itself
    bool other_alignment = false;  // causal from the last key instead of the first, or the reverse
    bool ignored_padding = false;
    bool ignored_window = false;
    std::ptrdiff_t window_shift = 0;  // keys that a window reaches farther back
    std::ptrdiff_t window_right_shift = 0;
    bool window_from_end = false;   // the last keys, whichever the query
    bool window_in_chunks = false;  // key and query in the same one
    bool window_to_both_sides = false;
    std::ptrdiff_t padding_step = 0;  // added to the lengths
    bool padding_of_next = false;     // sequence
    Padding padding = Padding::right;
    std::optional<std::size_t> masked_key;  // that nobody may attend
    bool ignored_mask = false;              // the mask array
    bool inverted_mask_array = false;
    bool inverted_mask = false;        // all of it
    bool transposed_mask = false;      // all of it
    bool zeros_for_masked = false;     // scores of 0 instead of -inf
    std::optional<double> mask_value;  // finite, instead of -inf:
    bool fills_mask = false;           // it replaces masked scores, else it is added to them
    bool ones_for_allowed = false;     // added to scores; masked ones stay as they are
    bool ignored_bias = false;         // bias, ALiBi, relative positions
    double bias_factor = 1;
    bool transposed_bias = false;
    bool bias_of_head_0 = false;
    bool other_direction = false;                  // relative positions: bidirectional or not
    std::optional<RelativeBias<double>> relative;  // instead of the right ones
    std::vector<double> alibi;                     // other slopes
    bool symmetric_alibi = false;                  // -slope * |key - query|
    bool alibi_of_keys = false;                    // slope * key
    bool logarithmic_alibi = false;                // -slope * log(1 + |key - query|)
    double temperature = 1;                        // what the scores are divided by at the end
    bool mask_after_softmax = false;
    SoftmaxAxis axis = SoftmaxAxis::keys;
    Activation activation = Activation::softmax;
    bool log_softmax = false;  // scores are logarithms of the weights
    bool softmax_twice = false;
    std::size_t top_keys = 0;       // how many weights of a row are kept, the largest; 0: all
    bool renormalises_top = false;  // and add up to one
    bool sorted_keys = false;       // the largest in front, wherever its key is
    bool missing_sink = false;
    bool added_sink = false;               // to the weights
    double sink_factor = 1;                // how often it is counted
    bool scaled_sink = false;              // by the scale of the scores
    std::vector<double> sinks;             // one for each head, where none was asked for
    bool nan_without_keys = false;         // rows without a key are NaN instead of zero
    bool transposed = false;               // the matrix that was saved
    bool averaged = false;                 // the mean of all heads in the place of each
    std::optional<double> input_epsilon;   // of the norm in front and of heads
    bool epsilon_everywhere = false;       // and of all norms before
    double input_factor = 1;               // of x, or of given queries, keys and values
    Rounding arithmetic = Rounding::none;  // at these stages:
    Stages stages = stage::heads + stage::values + stage::scores;
    Rounding rounding = Rounding::none;  // of what was saved

    Rounding rounding_at(Stages stage) const {
        return (stages & stage) != 0 ? arithmetic : Rounding::none;
    }
};

// The layer behind the one that is looked at.
struct NextLayer {
    Heads<double> k, v;  // as it makes them of its own input, those of the cache included
    ProjectionWeights<double> weights;
};

// Embeddings and weights, or heads; what is absent is empty. Kept by pointer.
struct DenseInputs {
    const Array<double>* x = nullptr;              // [batch, queries, d_model]
    const Array<double>* x_before_norm = nullptr;  // where a norm stands in front of the layer
    const Norm<double>* input_norm = nullptr;      // that norm
    // What the layer's block reads, if this epsilon stood in every norm before it; may be empty.
    std::function<Array<double>(double epsilon)> hidden_with_epsilon;
    const Array<double>* context = nullptr;  // [batch, new keys, d_context]; x for self-attention
    const ProjectionWeights<double>* weights = nullptr;
    const Heads<double>* q = nullptr;
    const Heads<double>* k = nullptr;
    const Heads<double>* v = nullptr;
    const AttentionOptions<double>* options = nullptr;
    // Where there may be one of the same sizes, else empty; nothing where it cannot be computed.
    std::function<const NextLayer*()> next_layer;
    // The tables of other layers, by their numbers, where each layer has its own.
    std::vector<std::pair<std::size_t, RelativeBias<double>>> other_relative;
    bool wants_output = true;  // else values are not looked at
};

struct DenseAttention {
    Array<double> products;  // q kᵀ without a factor, [batch, heads, queries, keys]
    Array<double> scores;    // what softmax saw, masked = -inf
    Array<double> weights;
    Array<double> output;  // [batch, queries, d_model]; empty unless it is wanted
};

DenseAttention compute_dense(const DenseInputs& inputs, const Mistakes& mistakes);

}  // namespace attn::analysis
