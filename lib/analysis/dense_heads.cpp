#include "analysis/dense_heads.hpp"

#include <algorithm>

#include "analysis/transpose.hpp"
#include "core/magnitude.hpp"

namespace attn::analysis {
namespace {

// What the stores hold at most, in numbers: an eighth of a gigabyte each.
constexpr std::size_t kMostNumbers = std::size_t{1} << 24;
constexpr std::size_t kMostEntries = 12;

Heads<double> split(const Array<double>& packed, std::size_t heads, bool by_reshape) {
    if (!by_reshape) return make_packed_heads(packed, heads);
    const Shape& shape = packed.shape();
    return make_separate_heads(packed.reshaped({shape[0], heads, shape[1], shape[2] / heads}));
}

Array<double> changed(const Array<double>& array, double factor, Rounding rounding) {
    if ((factor == 1 && rounding == Rounding::none) || array.empty()) return array;
    std::vector<double> values(array.data(), array.data() + array.size());
    for (double& value : values) value = round_to(rounding, value * factor);
    return {array.shape(), std::move(values)};
}

Heads<double> changed(const Heads<double>& heads, double factor, Rounding rounding) {
    if (factor == 1 && rounding == Rounding::none) return heads;
    const HeadsView<double>& view = heads.view;
    std::vector<double> values;
    values.reserve(view.batch * view.heads * view.tokens * view.width);
    for (std::size_t item = 0; item < view.batch * view.heads; ++item) {
        const MatrixView<const double> matrix = view.head(item / view.heads, item % view.heads);
        for (std::size_t row = 0; row < matrix.rows; ++row) {
            for (const double value : matrix.row(row))
                values.push_back(round_to(rounding, value * factor));
        }
    }
    return make_separate_heads(
        Array<double>({view.batch, view.heads, view.tokens, view.width}, std::move(values)));
}

// What the layer reads.
Array<double> input_of(const DenseInputs& in, const Mistakes& mistakes) {
    const bool everywhere = mistakes.epsilon_everywhere && mistakes.input_epsilon;
    const auto hidden = [&] {
        return changed(
            everywhere ? in.hidden_with_epsilon(*mistakes.input_epsilon) : *in.x_before_norm, 1,
            mistakes.rounding_at(stage::hidden));
    };
    Array<double> x = *in.x;
    if (mistakes.missing_input_norm || (everywhere && in.input_norm == nullptr)) {
        x = hidden();
    } else if (mistakes.input_epsilon || (mistakes.rounding_at(stage::hidden) != Rounding::none &&
                                          in.input_norm != nullptr)) {
        Norm<double> norm = *in.input_norm;
        norm.epsilon = mistakes.input_epsilon.value_or(norm.epsilon);
        x = normalise(hidden(), norm);
    }
    return changed(x, mistakes.input_factor, mistakes.rounding_at(stage::inputs));
}

Array<double> matrix_of(const Array<double>& matrix, const Mistakes& mistakes) {
    return changed(mistakes.transposed_weights ? transpose(matrix) : matrix, 1,
                   mistakes.rounding_at(stage::matrices));
}
Array<double> bias_of(const Array<double>& bias, const Mistakes& mistakes) {
    if (mistakes.missing_biases) return {};
    return changed(bias, 1, mistakes.rounding_at(stage::matrices));
}

Array<double> add_bias(const Array<double>& product, const Array<double>& bias) {
    if (bias.empty()) return product;
    std::vector<double> values(product.data(), product.data() + product.size());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += bias.data()[i % bias.size()];
    return {product.shape(), std::move(values)};
}

RotaryTable<double> table_of(const RotaryOptions<double>& rotary, const Mistakes& mistakes) {
    if (!mistakes.rotary_theta && !mistakes.positions_from_0) return rotary.table;
    std::vector<std::int64_t> positions = rotary.positions;
    if (mistakes.positions_from_0) {
        const std::int64_t first = *std::min_element(positions.begin(), positions.end());
        for (std::int64_t& position : positions) position -= first;
    }
    if (!mistakes.rotary_theta) return make_rotary_table<double>(positions, rotary.frequencies);
    const std::size_t dim = 2 * rotary.frequencies.radians.size();
    return make_rotary_table<double>(positions, rotary_frequencies(dim, *mistakes.rotary_theta));
}

// As rotate() does it, with each product and sum rounded.
Array<double> rotate_rounded(const HeadsView<double>& heads, const RotaryTable<double>& table,
                             const std::vector<std::size_t>& rows, RotaryPairs pairs,
                             Rounding rounding) {
    const std::size_t half = table.cos.extent(1);
    std::vector<double> values;
    for (std::size_t item = 0; item < heads.batch * heads.heads; ++item) {
        const std::size_t sequence = item / heads.heads;
        const MatrixView<const double> matrix = heads.head(sequence, item % heads.heads);
        for (std::size_t token = 0; token < heads.tokens; ++token) {
            const Span<const double> row = matrix.row(token);
            std::vector<double> turned(row.begin(), row.end());
            const std::size_t first = rows[sequence * heads.tokens + token] * half;
            for (std::size_t pair = 0; pair < half; ++pair) {
                const bool split = pairs == RotaryPairs::half_split;
                const std::size_t a = split ? pair : 2 * pair, b = split ? pair + half : a + 1;
                const double cos = round_to(rounding, table.cos.data()[first + pair]);
                const double sin = round_to(rounding, table.sin.data()[first + pair]);
                const auto product = [&](double x, double y) { return round_to(rounding, x * y); };
                turned[a] = round_to(rounding, product(row[a], cos) - product(row[b], sin));
                turned[b] = round_to(rounding, product(row[b], cos) + product(row[a], sin));
            }
            values.insert(values.end(), turned.begin(), turned.end());
        }
    }
    return {{heads.batch, heads.heads, heads.tokens, heads.width}, std::move(values)};
}

void turn(const RotaryOptions<double>& rotary, const Mistakes& mistakes, DenseHeads& heads) {
    RotaryPairs pairs = rotary.pairs;
    if (mistakes.other_rotary_pairs) {
        pairs =
            pairs == RotaryPairs::half_split ? RotaryPairs::interleaved : RotaryPairs::half_split;
    }
    const RotaryTable<double> table = table_of(rotary, mistakes);
    const Rounding rounding = mistakes.rounding_at(stage::turning);
    const auto turned = [&](const Heads<double>& some, const std::vector<std::size_t>& rows) {
        return make_separate_heads(rounding == Rounding::none
                                       ? rotate(some.view, table, rows, pairs)
                                       : rotate_rounded(some.view, table, rows, pairs, rounding));
    };
    heads.q = turned(heads.q, rotary.query_rows);
    if (mistakes.unturned_keys) return;
    heads.k = turned(heads.k, rotary.key_rows);
}

std::size_t numbers_in(const Array<double>& array) {
    return array.size();
}
std::size_t numbers_in(const std::shared_ptr<const DenseHeads>& heads) {
    return heads->q.array.size() + heads->k.array.size() + heads->v.array.size();
}

// The entry of `key`, made when there is none; the oldest ones go when there is no room.
template <class Entries, class Key, class Make>
auto find_or_make(Entries& entries, const Key& key, const Make& make) {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const auto& entry) { return entry.first == key; });
    if (found != entries.end()) {
        std::rotate(entries.begin(), found, found + 1);
        return entries.front().second;
    }
    entries.emplace(entries.begin(), key, make());
    std::size_t numbers = 0, kept = 0;
    for (const auto& entry : entries) {
        numbers += numbers_in(entry.second);
        if (kept > 0 && (numbers > kMostNumbers || kept == kMostEntries)) break;
        ++kept;
    }
    entries.resize(kept);
    return entries.front().second;
}

// What a mistake may change of x and of the projection.
std::vector<double> projection_key(const Mistakes& m) {
    return {static_cast<double>(m.transposed_weights),
            static_cast<double>(m.missing_input_norm),
            m.input_epsilon.value_or(-1),
            static_cast<double>(m.epsilon_everywhere),
            m.input_factor,
            static_cast<double>(m.rounding_at(stage::hidden)),
            static_cast<double>(m.rounding_at(stage::inputs)),
            static_cast<double>(m.rounding_at(stage::matrices))};
}

}  // namespace

Array<double> transpose(const Array<double>& matrix) {
    if (matrix.empty() || matrix.extent(0) != matrix.extent(1)) return matrix;
    std::vector<double> values(matrix.data(), matrix.data() + matrix.size());
    transpose_square(values.data(), matrix.extent(0));
    return {matrix.shape(), std::move(values)};
}

Array<double> output_matrix(const DenseInputs& in, const Mistakes& mistakes) {
    return in.weights == nullptr ? Array<double>() : matrix_of(in.weights->W_O, mistakes);
}
Array<double> output_bias(const DenseInputs& in, const Mistakes& mistakes) {
    return in.weights == nullptr ? Array<double>() : bias_of(in.weights->b_O, mistakes);
}

Array<double> DenseHeadsStore::product(const DenseInputs& in, const Mistakes& mistakes,
                                       char which) {
    // A factor comes out as it went in.
    const bool scaled = which == 'q' || in.context == nullptr;
    if (mistakes.input_factor != 1 && mistakes.rounding_at(stage::inputs) == Rounding::none) {
        Mistakes plain = mistakes;
        plain.input_factor = 1;
        return changed(product(in, plain, which), scaled ? mistakes.input_factor : 1,
                       Rounding::none);
    }
    Key key = projection_key(mistakes);
    key.push_back(which);
    return find_or_make(products_, key, [&] {
        const ProjectionWeights<double>& w = *in.weights;
        const Array<double>& matrix = which == 'q' ? w.W_Q : which == 'k' ? w.W_K : w.W_V;
        const Array<double> x = scaled ? input_of(in, mistakes) : *in.context;
        return attn::project(x, matrix_of(matrix, mistakes), Array<double>(), w.order);
    });
}

DenseHeads DenseHeadsStore::project(const DenseInputs& in, const Mistakes& mistakes) {
    const bool swaps = mistakes.swapped_keys_and_values;
    if (in.weights == nullptr) {
        const auto given = [&](const Heads<double>& heads) {
            return changed(heads, mistakes.input_factor, Rounding::none);
        };
        return {given(*in.q), given(swaps ? *in.v : *in.k),
                in.wants_output ? given(swaps ? *in.k : *in.v) : Heads<double>()};
    }
    const ProjectionWeights<double>& w = *in.weights;
    const auto make = [&](char which, const Norm<double>& norm) {
        const Array<double>& bias = which == 'q' ? w.b_Q : which == 'k' ? w.b_K : w.b_V;
        const Array<double> packed =
            changed(add_bias(product(in, mistakes, which), bias_of(bias, mistakes)), 1,
                    mistakes.rounding_at(stage::projections));
        const std::size_t heads = which == 'q' ? w.heads : w.kv_heads;
        Norm<double> norm_used = mistakes.missing_head_norms ? Norm<double>() : norm;
        norm_used.epsilon = mistakes.input_epsilon.value_or(norm_used.epsilon);
        return split(normalise_heads(packed, heads, norm_used), heads, mistakes.heads_by_reshape);
    };
    return {make('q', w.q_norm), make(swaps ? 'v' : 'k', w.k_norm),
            in.wants_output ? make(swaps ? 'k' : 'v', {}) : Heads<double>()};
}

DenseHeads DenseHeadsStore::make(const DenseInputs& in, const Mistakes& mistakes) {
    const AttentionOptions<double>& options = *in.options;
    DenseHeads heads = project(in, mistakes);
    if (options.rotary && !mistakes.missing_rotary) turn(*options.rotary, mistakes, heads);
    if (!options.past_key.empty()) {
        const auto join = [](const Array<double>& past, const Heads<double>& rest) {
            return make_separate_heads(join_tokens(separate_heads(past), rest.view));
        };
        heads.k = join(options.past_key, heads.k);
        if (in.wants_output) heads.v = join(options.past_value, heads.v);
    }
    heads.q = changed(heads.q, 1, mistakes.rounding_at(stage::heads));
    heads.k = changed(heads.k, 1, mistakes.rounding_at(stage::heads));
    if (in.wants_output) {
        heads.v = changed(heads.v, 1, mistakes.rounding_at(stage::values));
        heads.finite_values =
            is_finite(largest_magnitude(heads.v.array.data(), heads.v.array.size()));
    }
    return heads;
}

std::shared_ptr<const DenseHeads> DenseHeadsStore::get(const DenseInputs& in,
                                                       const Mistakes& mistakes) {
    const Mistakes& m = mistakes;
    Key key = projection_key(m);
    for (const bool flag : {m.missing_biases, m.missing_head_norms, m.swapped_keys_and_values,
                            m.heads_by_reshape, m.missing_rotary, m.unturned_keys,
                            m.positions_from_0, m.other_rotary_pairs, in.wants_output})
        key.push_back(flag ? 1 : 0);
    key.push_back(m.rotary_theta.value_or(-1));
    for (const Stages one : {stage::projections, stage::turning, stage::heads, stage::values})
        key.push_back(static_cast<double>(m.rounding_at(one)));
    return find_or_make(heads_, key,
                        [&] { return std::make_shared<const DenseHeads>(make(in, mistakes)); });
}

}  // namespace attn::analysis
