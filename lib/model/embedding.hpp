// From token ids to what the first layer reads, and from what the last one gives to logits: the
// tables of a checkpoint at both ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attention/projection.hpp"
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
// known. `asked_by`: the flag, for messages.
void require_nothing_behind(const WeightBundle& bundle, const std::string& asked_by);

// Throws Error when the file has no matrix that makes logits, or one more array for them, or two
// matrices of which config.json would have to choose one.
void require_logits(const WeightBundle& bundle,
                    const std::string& asked_by = "--save logits, probs");

// What makes logits of the final hidden state.
template <class T>
struct LogitMatrix {
    Array<T> W;  // [d_model, vocabulary] in this order
    Array<T> b;  // [vocabulary] or empty
    MatrixOrder order = MatrixOrder::in_out;
    std::optional<T> softcap;
};

// Throws Error as require_logits, and for a matrix that does not fit.
template <class T>
LogitMatrix<T> load_logit_matrix(io::Inputs& inputs, const WeightBundle& bundle,
                                 std::size_t d_model, io::NonFinite non_finite);

// [batch, tokens, vocabulary] of hidden [batch, tokens, d_model].
template <class T>
Array<T> logits_of(const LogitMatrix<T>& matrix, const Array<T>& hidden);

// Logits [batch, tokens, vocabulary] of final_hidden's result.
template <class T>
Array<T> make_logits(io::Inputs& inputs, const WeightBundle& bundle, const Array<T>& hidden,
                     io::NonFinite non_finite);

// Softmax over the last axis.
template <class T>
Array<T> probabilities(const Array<T>& logits);

}  // namespace attn::model
