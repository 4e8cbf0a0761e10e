// From token ids to what the first layer reads, and from what the last one gives to logits: the
// tables of a checkpoint at both ends.
#pragma once

#include <cstdint>
#include <vector>

#include "core/array.hpp"
#include "io/inputs.hpp"
#include "model/weight_bundle.hpp"

namespace attn::model {

// Token ids [batch, tokens], as they are named in messages.
struct TokenIds {
    std::string name;
    std::size_t batch = 1;
    std::size_t tokens = 0;
    std::vector<std::int64_t> ids;
    // Segments and positions, as many as ids; without any: all 0, and counted from 0.
    std::string types_name = {};
    std::vector<std::int64_t> types = {};
    std::string positions_name = {};
    std::vector<std::int64_t> positions = {};
};

// Whether the family adds rows of a table of positions.
bool has_position_table(const WeightBundle& bundle);

// Token embeddings, positions, token types and the norm behind them, as the family adds them:
// [batch, tokens, d_model]. Reads only the rows that are asked for. Throws Error when the file has
// no token table, an id, a position or a type is beyond its table, or types are given to a family
// without them.
template <class T>
Array<T> embed_tokens(io::Inputs& inputs, const WeightBundle& bundle, const TokenIds& ids,
                      io::NonFinite non_finite);

// x [batch, tokens, d_model] through the norm behind the last layer; x where there is none.
template <class T>
Array<T> final_hidden(io::Inputs& inputs, const WeightBundle& bundle, const Array<T>& x,
                      io::NonFinite non_finite);

// Throws Error when the file holds an array that changes what the last layer gives and is not
// known.
void require_nothing_behind(const WeightBundle& bundle);

// Throws Error when the file has no matrix that makes logits, or one more array for them.
void require_logits(const WeightBundle& bundle);

// Logits [batch, tokens, vocabulary] of final_hidden's result.
template <class T>
Array<T> make_logits(io::Inputs& inputs, const WeightBundle& bundle, const Array<T>& hidden,
                     io::NonFinite non_finite);

// Softmax over the last axis.
template <class T>
Array<T> probabilities(const Array<T>& logits);

}  // namespace attn::model
