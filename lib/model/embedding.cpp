#include "model/embedding.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/error.hpp"
#include "core/word_list.hpp"
#include "model/layer_weights.hpp"

namespace attn::model {
namespace {

const io::StoredArray* find(const WeightBundle& bundle, const std::string& name) {
    const auto found = bundle.model.find(name);
    return found == bundle.model.end() ? nullptr : &found->second;
}

// What makes logits: the token table where config.json says so, or where the family ties them and
// the file has no matrix of its own.
const io::StoredArray* find_logits(const WeightBundle& bundle) {
    const io::StoredArray* own = find(bundle, "W_logits");
    const bool tied = bundle.config.tied.value_or(bundle.layout->tied && own == nullptr);
    return tied ? find(bundle, "token_table") : own;
}

bool same_bytes(const io::StoredArray& a, const io::StoredArray& b) {
    if (a.dtype != b.dtype || a.shape != b.shape || a.swapped_bytes != b.swapped_bytes)
        return false;
    const io::StoredArray first = io::fetched(a), second = io::fetched(b);
    return std::equal(first.bytes.begin(), first.bytes.end(), second.bytes.begin(),
                      second.bytes.end());
}

// Versions of transformers differ on whether they use the second matrix.
void require_one_logit_matrix(const WeightBundle& bundle, const std::string& asked_by) {
    const io::StoredArray* const own = find(bundle, "W_logits");
    const io::StoredArray* const table = find(bundle, "token_table");
    const ModelConfig& config = bundle.config;
    if (!config.tied_by_default || config.tied || own == nullptr || table == nullptr) return;
    if (same_bytes(*own, *table)) return;
    fail(
        own->name, " is not ", table->name, ", which makes the logits of ", bundle.layout->title,
        " unless config.json says \"tie_word_embeddings\": false; it says nothing: add it, true or "
        "false (",
        asked_by, ")");
}

void require_table(const io::StoredArray& table, std::size_t width) {
    if (table.shape.size() == 2 && table.shape[1] == width) return;
    fail(table.name, " ", to_string(table.shape), ": expected a table of rows of ", width,
         ", as the projections read them");
}

// Adds row rows[i] of the table to the i-th vector of x.
template <class T>
void add_rows(io::Inputs& inputs, const io::StoredArray& table,
              const std::vector<std::size_t>& rows, io::NonFinite non_finite, std::vector<T>& x) {
    const Array<T> picked = inputs.load_rows<T>(table, rows, non_finite);
    assert(picked.size() == x.size());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += picked.data()[i];
}

// Row numbers of a table from one number a token; `what` is how messages call one.
std::vector<std::size_t> table_rows(const TokenIds& ids, const std::vector<std::int64_t>& numbers,
                                    const std::string& name, const std::string& what,
                                    std::size_t first, const io::StoredArray& table) {
    const std::size_t rows_left = table.shape[0] - std::min(first, table.shape[0]);
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const std::int64_t number = numbers[i];
        if (number < 0 || static_cast<std::uint64_t>(number) >= rows_left) {
            fail(name, ": ", what, " ", number, " of sequence ", i / ids.tokens, ", token ",
                 i % ids.tokens, " is not one of the ", counted(rows_left, "row"), " of ",
                 table.name, first == 0 ? "" : " behind those of padding");
        }
        rows.push_back(first + static_cast<std::size_t>(number));
    }
    return rows;
}

// Padding takes no position where a family counts from behind the row of its padding token: that
// row is what padding gets.
std::vector<std::size_t> rows_behind_padding(const TokenIds& ids, std::size_t first) {
    std::vector<std::size_t> rows;
    std::size_t count = 0;
    for (std::size_t i = 0; i < ids.ids.size(); ++i) {
        if (i % ids.tokens == 0) count = 0;
        const bool padding = static_cast<std::uint64_t>(ids.ids[i]) == first - 1;
        rows.push_back(padding ? first - 1 : first + count++);
    }
    return rows;
}

std::vector<std::size_t> position_rows(const WeightBundle& bundle, const TokenIds& ids,
                                       const io::StoredArray& table) {
    // Only families that count from behind their padding token do not start at 0.
    const std::size_t first =
        bundle.layout->first_position == 0
            ? 0
            : bundle.config.first_position.value_or(bundle.layout->first_position);
    if (!ids.positions.empty())
        return table_rows(ids, ids.positions, ids.positions_name, "position", first, table);
    if (first + ids.tokens > table.shape[0]) {
        fail(ids.name, ": has ", counted(ids.tokens, "token"), ", ", table.name, " has ",
             table.shape[0] - std::min(first, table.shape[0]), " positions");
    }
    if (first > 0) return rows_behind_padding(ids, first);
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < ids.ids.size(); ++i) rows.push_back(i % ids.tokens);
    return rows;
}

}  // namespace

bool has_position_table(const WeightBundle& bundle) {
    return find(bundle, "position_table") != nullptr;
}

template <class T>
Array<T> embed_tokens(io::Inputs& inputs, const WeightBundle& bundle, const TokenIds& ids,
                      io::NonFinite non_finite) {
    const io::StoredArray* tokens = find(bundle, "token_table");
    if (tokens == nullptr)
        fail(bundle.path, ": holds no token embeddings; give embeddings with -x (--token-ids)");
    require_nothing_left_over(bundle, LeftOver::Part::embedding,
                              "what the first layer reads (--token-ids)");
    const std::size_t width = model_width(bundle);
    require_table(*tokens, width);
    std::vector<T> x(ids.ids.size() * width);
    add_rows(inputs, *tokens, table_rows(ids, ids.ids, ids.name, "token id", 0, *tokens),
             non_finite, x);
    if (bundle.layout->scaled_embeddings) {
        const T factor = std::sqrt(static_cast<T>(width));
        for (T& value : x) value *= factor;
    }
    const io::StoredArray* positions = find(bundle, "position_table");
    if (positions == nullptr && bundle.config.positions_turn == false)
        fail(bundle.path,
             ": has no table of positions, and no config.json that says they are rotary; "
             "give embeddings with -x (--token-ids)");
    if (positions != nullptr) {
        require_table(*positions, width);
        add_rows(inputs, *positions, position_rows(bundle, ids, *positions), non_finite, x);
    }
    if (const io::StoredArray* types = find(bundle, "type_table")) {
        require_table(*types, width);
        const std::vector<std::int64_t> zeros(ids.ids.size());
        const auto& numbers = ids.types.empty() ? zeros : ids.types;
        add_rows(inputs, *types, table_rows(ids, numbers, ids.types_name, "token type", 0, *types),
                 non_finite, x);
    } else if (!ids.types.empty()) {
        fail("--token-type-ids: ", bundle.layout->title, " has no table of token types");
    }
    const Array<T> sum({ids.batch, ids.tokens, width}, std::move(x));
    return normalise(
        sum, load_norm<T>(inputs, bundle, bundle.model, "embedding_norm", width, non_finite));
}

template <class T>
Array<T> final_hidden(io::Inputs& inputs, const WeightBundle& bundle, const Array<T>& x,
                      io::NonFinite non_finite) {
    return normalise(
        x, load_norm<T>(inputs, bundle, bundle.model, "final_norm", x.shape().back(), non_finite));
}

void require_nothing_behind(const WeightBundle& bundle, const std::string& asked_by) {
    require_nothing_left_over(bundle, LeftOver::Part::behind_layers,
                              "what the last layer gives (" + asked_by + ")");
}

void require_logits(const WeightBundle& bundle, const std::string& asked_by) {
    require_nothing_left_over(bundle, LeftOver::Part::logits, "the logits (" + asked_by + ")");
    require_one_logit_matrix(bundle, asked_by);
    if (find_logits(bundle) != nullptr) return;
    if (bundle.config.tied == false) {
        fail(bundle.path, ": has no matrix that makes logits, and config.json says \"",
             bundle.config.keys.at("tied"), "\": false, so that it is not the table of tokens (",
             asked_by, ")");
    }
    fail(bundle.path, ": has no matrix that makes logits (", asked_by, ")");
}

template <class T>
LogitMatrix<T> load_logit_matrix(io::Inputs& inputs, const WeightBundle& bundle, std::size_t width,
                                 io::NonFinite non_finite) {
    require_logits(bundle);
    const io::StoredArray& stored = *find_logits(bundle);
    LogitMatrix<T> matrix;
    // A token table is [vocabulary, d_model] in every family.
    const bool own = &stored == find(bundle, "W_logits");
    matrix.order = own ? bundle.layout->logits_order : MatrixOrder::out_in;
    const std::size_t rows = matrix.order == MatrixOrder::in_out ? 0 : 1;
    if (stored.shape.size() != 2 || stored.shape[rows] != width)
        fail(stored.name, " ", to_string(stored.shape), ": does not fit the ",
             counted(width, "column"), " of the model");
    matrix.W = inputs.load<T>(stored, non_finite);
    if (const io::StoredArray* b = find(bundle, "b_logits"))
        matrix.b = inputs.load<T>(*b, non_finite);
    const std::size_t vocabulary = output_width(matrix.W, matrix.order);
    if (!matrix.b.empty() && matrix.b.shape() != Shape{vocabulary})
        fail(bundle.path, ": the bias of the logits is ", to_string(matrix.b.shape()),
             ", expected [", vocabulary, "]");
    if (bundle.config.logit_softcap) matrix.softcap = static_cast<T>(*bundle.config.logit_softcap);
    return matrix;
}

template <class T>
Array<T> logits_of(const LogitMatrix<T>& matrix, const Array<T>& hidden) {
    Array<T> logits = project(hidden, matrix.W, matrix.b, matrix.order);
    if (!matrix.softcap) return logits;
    std::vector<T> capped(logits.values().begin(), logits.values().end());
    for (T& value : capped) value = *matrix.softcap * std::tanh(value / *matrix.softcap);
    return Array<T>(logits.shape(), std::move(capped));
}

template <class T>
Array<T> make_logits(io::Inputs& inputs, const WeightBundle& bundle, const Array<T>& hidden,
                     io::NonFinite non_finite) {
    return logits_of(load_logit_matrix<T>(inputs, bundle, hidden.shape().back(), non_finite),
                     hidden);
}

template <class T>
Array<T> probabilities(const Array<T>& logits) {
    const std::size_t width = logits.shape().back();
    std::vector<T> values(logits.size());
    for (std::size_t begin = 0; begin < values.size(); begin += width) {
        const T* row = logits.data() + begin;
        const T largest = *std::max_element(row, row + width);
        double sum = 0;
        for (std::size_t i = 0; i < width; ++i)
            sum += static_cast<double>(values[begin + i] = std::exp(row[i] - largest));
        for (std::size_t i = 0; i < width; ++i)
            values[begin + i] = static_cast<T>(static_cast<double>(values[begin + i]) / sum);
    }
    return Array<T>(logits.shape(), std::move(values));
}

template Array<float> embed_tokens(io::Inputs&, const WeightBundle&, const TokenIds&,
                                   io::NonFinite);
template Array<double> embed_tokens(io::Inputs&, const WeightBundle&, const TokenIds&,
                                    io::NonFinite);
template Array<float> final_hidden(io::Inputs&, const WeightBundle&, const Array<float>&,
                                   io::NonFinite);
template Array<double> final_hidden(io::Inputs&, const WeightBundle&, const Array<double>&,
                                    io::NonFinite);
template LogitMatrix<float> load_logit_matrix(io::Inputs&, const WeightBundle&, std::size_t,
                                              io::NonFinite);
template LogitMatrix<double> load_logit_matrix(io::Inputs&, const WeightBundle&, std::size_t,
                                               io::NonFinite);
template Array<float> logits_of(const LogitMatrix<float>&, const Array<float>&);
template Array<double> logits_of(const LogitMatrix<double>&, const Array<double>&);
template Array<float> make_logits(io::Inputs&, const WeightBundle&, const Array<float>&,
                                  io::NonFinite);
template Array<double> make_logits(io::Inputs&, const WeightBundle&, const Array<double>&,
                                   io::NonFinite);
template Array<float> probabilities(const Array<float>&);
template Array<double> probabilities(const Array<double>&);

}  // namespace attn::model
