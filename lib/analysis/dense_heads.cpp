#include "analysis/dense_heads.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "analysis/changed_heads.hpp"
#include "analysis/dense_rotary.hpp"
#include "analysis/transpose.hpp"
#include "core/magnitude.hpp"
#include "core/place_among.hpp"

namespace attn::analysis {
namespace {

// What the stores hold at most, in numbers: an eighth of a gigabyte each. As many entries as
// mistakes that change heads, and more: each is asked for again beside every other mistake.
constexpr std::size_t kMostNumbers = std::size_t{1} << 24;
constexpr std::size_t kMostEntries = 64;

// [n, d, heads] as [n, heads, d].
Array<double> put_heads_outside(const Array<double>& packed, std::size_t heads) {
    const std::size_t width = packed.shape().back(), d = width / heads;
    std::vector<double> values(packed.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t place = i % width;
        values[i] = packed.data()[i - place + place % d * heads + place / d];
    }
    return {packed.shape(), std::move(values)};
}

Heads<double> split(const Array<double>& packed, std::size_t heads, bool by_reshape) {
    if (!by_reshape) return make_packed_heads(packed, heads);
    const Shape& shape = packed.shape();
    return make_separate_heads(packed.reshaped({shape[0], heads, shape[1], shape[2] / heads}));
}

// LayerNorm for RMSNorm or the other way round, another weight, another epsilon.
Norm<double> norm_of(const Norm<double>& right, const Mistakes& mistakes) {
    Norm<double> norm = right;
    norm.epsilon = mistakes.input_epsilon.value_or(norm.epsilon);
    if (mistakes.missing_norm_weight) {
        norm.weight = {};
        norm.weight_plus = 0;
    }
    norm.weight_plus += mistakes.norm_weight_plus;
    if (mistakes.other_norm_kind)
        norm.kind = norm.kind == NormKind::rms ? NormKind::layer : NormKind::rms;
    return norm;
}

bool changes_norm(const Mistakes& m) {
    return m.input_epsilon || m.missing_norm_weight || m.norm_weight_plus != 0 || m.other_norm_kind;
}

// RMSNorm as transformers writes it: rounded, and then times the weight.
Array<double> normalise_rounded(const Array<double>& x, const Norm<double>& norm,
                                Rounding rounding) {
    if (rounding == Rounding::none || !may_round_before_weight(norm)) return normalise(x, norm);
    Norm<double> bare = norm;
    bare.weight = {};
    const Array<double> rounded = changed(normalise(x, bare), 1, rounding);
    std::vector<double> values(rounded.data(), rounded.data() + rounded.size());
    const std::size_t width = norm.weight.size();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] *= norm.weight.data()[i % width];
    return {x.shape(), std::move(values)};
}

// The same of each head of [batch, tokens, heads * d_head], rounded once more behind the weight.
Array<double> normalise_heads_rounded(const Array<double>& packed, std::size_t heads,
                                      const Norm<double>& norm, Rounding rounding) {
    if (rounding == Rounding::none || norm.kind == NormKind::none)
        return normalise_heads(packed, heads, norm);
    const Shape& shape = packed.shape();
    const Array<double> apart = packed.reshaped({shape[0], shape[1], heads, shape[2] / heads});
    return changed(normalise_rounded(apart, norm, rounding), 1, rounding).reshaped(shape);
}

// What the layer reads.
Array<double> input_of(const DenseInputs& in, const Mistakes& mistakes) {
    const bool everywhere = mistakes.epsilon_everywhere && mistakes.input_epsilon;
    const auto hidden = [&] {
        return changed(
            everywhere ? in.hidden_with_epsilon(*mistakes.input_epsilon) : *in.x_before_norm, 1,
            mistakes.rounding_at(stage::hidden));
    };
    const bool rounds = mistakes.rounding_at(stage::hidden + stage::norms) != Rounding::none;
    Array<double> x = *in.x;
    if (mistakes.missing_input_norm || (everywhere && in.input_norm == nullptr)) {
        x = hidden();
    } else if (changes_norm(mistakes) || (rounds && in.input_norm != nullptr)) {
        x = normalise_rounded(hidden(), norm_of(*in.input_norm, mistakes),
                              mistakes.rounding_at(stage::norms));
    }
    return changed(x, mistakes.input_factor, mistakes.rounding_at(stage::inputs));
}

Array<double> matrix_of(const Array<double>& matrix, const Mistakes& mistakes) {
    return changed(mistakes.transposed_weights ? transpose(matrix) : matrix, 1,
                   mistakes.rounding_at(stage::matrices));
}
Array<double> bias_of(const Array<double>& bias, bool missing, const Mistakes& mistakes) {
    if (mistakes.missing_biases || missing) return {};
    return changed(bias, 1, mistakes.rounding_at(stage::matrices));
}

Array<double> add_bias(const Array<double>& product, const Array<double>& bias) {
    if (bias.empty()) return product;
    std::vector<double> values(product.data(), product.data() + product.size());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += bias.data()[i % bias.size()];
    return {product.shape(), std::move(values)};
}

// All new tokens in other places.
void move_tokens(DenseHeads& heads, const Mistakes& mistakes, bool has_values) {
    if (!mistakes.reversed_tokens && mistakes.sequence_shift == 0) return;
    const auto move = [&](Heads<double>& some) {
        some = moved(some, [&](std::size_t place) {
            return token_in_place(place, some.view.tokens, mistakes);
        });
    };
    move(heads.q);
    move(heads.k);
    if (has_values) move(heads.v);
}

// Where a head stands among those that were chosen.
std::size_t place_of(std::size_t head, const std::vector<std::size_t>& chosen) {
    if (chosen.empty()) return head;
    const std::size_t place = place_among(chosen, head);
    assert(place < chosen.size());
    return place;
}

// Numbers that the array does not share with what was given.
std::size_t own_numbers(const Heads<double>& heads, const DenseInputs& in) {
    for (const Heads<double>* given : {in.q, in.k, in.v}) {
        if (given != nullptr && given->array.data() == heads.array.data()) return 0;
    }
    return heads.array.size();
}

Heads<double> normalised(const Heads<double>& heads, const Norm<double>& norm,
                         const Mistakes& mistakes) {
    if (norm.kind == NormKind::none) return heads;
    Norm<double> used = norm;
    used.epsilon = mistakes.input_epsilon.value_or(used.epsilon);
    return make_separate_heads(normalise(copied(heads).array, used));
}

const ProjectionWeights<double>& matrices_of_keys(const DenseInputs& in, const Mistakes& mistakes) {
    const NextLayer* const next = mistakes.matrices_of_next_layer ? in.next_layer() : nullptr;
    return next == nullptr ? *in.weights : next->weights;
}

std::size_t numbers_in(const Array<double>& array) {
    return array.size();
}
std::size_t numbers_in(const std::shared_ptr<const DenseHeads>& heads) {
    return heads->numbers;
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
    auto made = make();  // it may ask for another entry
    entries.emplace(entries.begin(), key, std::move(made));
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
            static_cast<double>(m.missing_norm_weight),
            m.norm_weight_plus,
            static_cast<double>(m.other_norm_kind),
            static_cast<double>(m.matrices_of_next_layer),
            static_cast<double>(m.rounding_at(stage::hidden)),
            static_cast<double>(m.rounding_at(stage::norms)),
            static_cast<double>(m.rounding_at(stage::inputs)),
            static_cast<double>(m.rounding_at(stage::matrices))};
}

}  // namespace

bool may_round_before_weight(const Norm<double>& norm) {
    return norm.kind == NormKind::rms && !norm.weight.empty() && norm.weight_plus == 0;
}

DenseSizes dense_sizes(const DenseInputs& in) {
    const AttentionOptions<double>& options = *in.options;
    const std::size_t past = options.past_key.empty() ? 0 : options.past_key.extent(2);
    if (in.weights == nullptr) {
        const HeadsView<double>& q = in.q->view;
        return {q.batch, q.heads, in.k->view.heads, q.tokens, past + in.k->view.tokens, q.width};
    }
    const ProjectionWeights<double>& w = *in.weights;
    const Array<double>& of_keys = in.context != nullptr ? *in.context : *in.x;
    return {in.x->extent(0),
            w.heads,
            w.kv_heads,
            in.x->extent(1),
            past + of_keys.extent(1),
            output_width(w.W_Q, w.order) / w.heads};
}

MatrixView<const double> DenseHeads::query_head(std::size_t sequence, std::size_t head) const {
    return q.view.head(sequence, place_of(head, choice.queries));
}
MatrixView<const double> DenseHeads::key_head(std::size_t sequence, std::size_t head) const {
    return k.view.head(sequence, place_of(head, choice.keys) / kv_group);
}
MatrixView<const double> DenseHeads::value_head(std::size_t sequence, std::size_t head) const {
    return v.view.head(sequence, place_of(head, choice.keys) / kv_group);
}

std::size_t token_in_place(std::size_t place, std::size_t tokens, const Mistakes& mistakes) {
    if (mistakes.reversed_tokens) return tokens - 1 - place;
    return shifted_place(place, tokens, mistakes.sequence_shift);
}

bool scales_late(const DenseInputs& in, const Mistakes& mistakes) {
    return mistakes.input_factor != 1 && in.weights == nullptr && in.options->past_key.empty() &&
           mistakes.arithmetic == Rounding::none && !mistakes.unit_heads;
}

Array<double> transpose(const Array<double>& matrix) {
    if (matrix.empty() || matrix.extent(0) != matrix.extent(1)) return matrix;
    std::vector<double> values(matrix.data(), matrix.data() + matrix.size());
    transpose_square(values.data(), matrix.extent(0));
    return {matrix.shape(), std::move(values)};
}

Array<double> output_matrix(const DenseInputs& in, const Mistakes& mistakes) {
    if (in.weights == nullptr || mistakes.missing_W_O) return {};
    const Array<double> matrix = matrix_of(in.weights->W_O, mistakes);
    return mistakes.transposed_W_O ? transpose(matrix) : matrix;
}
Array<double> output_bias(const DenseInputs& in, const Mistakes& mistakes) {
    return in.weights == nullptr
               ? Array<double>()
               : bias_of(in.weights->b_O, mistakes.missing_b_O || mistakes.missing_W_O, mistakes);
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
        const ProjectionWeights<double>& kv = matrices_of_keys(in, mistakes);
        const Array<double>& matrix = which == 'q' ? w.W_Q : which == 'k' ? kv.W_K : kv.W_V;
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
        const ProjectionWeights<double>& kv = matrices_of_keys(in, mistakes);
        const Array<double>& bias = which == 'q' ? w.b_Q : which == 'k' ? kv.b_K : kv.b_V;
        const bool missing = which == 'q'   ? mistakes.missing_b_Q
                             : which == 'k' ? mistakes.missing_b_K
                                            : mistakes.missing_b_V;
        Array<double> packed =
            changed(add_bias(product(in, mistakes, which), bias_of(bias, missing, mistakes)), 1,
                    mistakes.rounding_at(stage::projections));
        const std::size_t heads = which == 'q' ? w.heads : w.kv_heads;
        if (mistakes.heads_interleaved) packed = put_heads_outside(packed, heads);
        const bool later = mistakes.missing_head_norms || mistakes.norms_after_rotary;
        Norm<double> norm_used = later ? Norm<double>() : norm;
        norm_used.epsilon = mistakes.input_epsilon.value_or(norm_used.epsilon);
        const Array<double> heads_read =
            normalise_heads_rounded(packed, heads, norm_used, mistakes.rounding_at(stage::norms));
        return split(heads_read, heads, mistakes.heads_by_reshape);
    };
    return {make('q', w.q_norm), make(swaps ? 'v' : 'k', w.k_norm),
            in.wants_output ? make(swaps ? 'k' : 'v', {}) : Heads<double>()};
}

DenseHeads DenseHeadsStore::make(const DenseInputs& in, const Mistakes& mistakes,
                                 const HeadChoice& choice) {
    const AttentionOptions<double>& options = *in.options;
    if (const std::size_t count = mistakes.averaged_kv_heads; count > 0) {
        Mistakes rest = mistakes;
        rest.averaged_kv_heads = 0;
        DenseHeads heads = *get(in, rest, choice);
        heads.kv_group = count;
        heads.k = averaged(heads.k, count);
        if (in.wants_output) heads.v = averaged(heads.v, count);
        return heads;
    }
    DenseHeads heads = project(in, mistakes);
    heads.choice = choice;
    heads.q = chosen(heads.q, choice.queries);
    heads.k = chosen(heads.k, choice.keys);
    if (in.wants_output) heads.v = chosen(heads.v, choice.keys);
    move_tokens(heads, mistakes, in.wants_output);
    heads.k = shifted(heads.k, mistakes.token_shift);
    if (in.wants_output) heads.v = shifted(heads.v, mistakes.token_shift);
    if (mistakes.kv_of_next_sequence) {
        heads.k = of_next_sequence(heads.k);
        if (in.wants_output) heads.v = of_next_sequence(heads.v);
    }
    if (mistakes.unit_heads) {
        heads.q = with_unit_rows(heads.q);
        heads.k = with_unit_rows(heads.k);
    }
    if (options.rotary && !mistakes.missing_rotary)
        rotate_wrongly(*options.rotary, mistakes, heads, in.wants_output);
    if (mistakes.norms_after_rotary && in.weights != nullptr) {
        heads.q = normalised(heads.q, in.weights->q_norm, mistakes);
        heads.k = normalised(heads.k, in.weights->k_norm, mistakes);
    }
    if (!options.past_key.empty()) {
        const auto join = [&](const Array<double>& right, const Heads<double>& rest) {
            const Array<double> past = mistakes.cache_of_next ? of_next_sequence(right) : right;
            const Heads<double> of_past = chosen(make_separate_heads(past), choice.keys);
            return make_separate_heads(mistakes.cache_last ? join_tokens(rest.view, of_past.view)
                                                           : join_tokens(of_past.view, rest.view));
        };
        heads.k = join(options.past_key, heads.k);
        if (in.wants_output) heads.v = join(options.past_value, heads.v);
    }
    if (const NextLayer* next = mistakes.keys_of_next_layer ? in.next_layer() : nullptr) {
        heads.k = chosen(next->k, choice.keys);
        if (in.wants_output) heads.v = chosen(next->v, choice.keys);
    }
    heads.q = changed(heads.q, 1, mistakes.rounding_at(stage::heads));
    heads.k =
        quantised(changed(heads.k, 1, mistakes.rounding_at(stage::heads)), mistakes.key_levels);
    if (in.wants_output) {
        heads.v = changed(heads.v, 1, mistakes.rounding_at(stage::values));
        heads.finite_values =
            is_finite(largest_magnitude(heads.v.array.data(), heads.v.array.size()));
    }
    return heads;
}

std::shared_ptr<const DenseHeads> DenseHeadsStore::get(const DenseInputs& in,
                                                       const Mistakes& mistakes,
                                                       HeadChoice choice) {
    if (scales_late(in, mistakes)) {
        Mistakes plain = mistakes;
        plain.input_factor = 1;
        return get(in, plain, std::move(choice));
    }
    const Mistakes& m = mistakes;
    // What a head becomes hangs on others there, or on its number.
    if (m.averaged_kv_heads > 0 || m.angles_of_heads) choice = {};
    Key key = projection_key(m);
    for (const bool flag : {m.missing_biases,     m.missing_head_norms, m.swapped_keys_and_values,
                            m.heads_by_reshape,   m.missing_rotary,     m.unrotated_keys,
                            m.positions_from_0,   m.other_rotary_pairs, in.wants_output,
                            m.missing_b_Q,        m.missing_b_K,        m.missing_b_V,
                            m.norms_after_rotary, m.heads_interleaved,  m.cache_last,
                            m.cache_of_next,      m.unrotated_queries,  m.rotated_values,
                            m.opposite_turn,      m.rotated_twice,      m.mixed_pairs,
                            m.queries_from_0})
        key.push_back(flag ? 1 : 0);
    for (const std::ptrdiff_t step :
         {m.token_shift, m.query_step, m.position_step, m.sequence_shift})
        key.push_back(static_cast<double>(step));
    for (const bool flag :
         {m.keys_of_next_layer, m.other_query_pairs, m.other_key_pairs, m.kv_of_next_sequence,
          m.unit_heads, m.unsigned_turn, m.reversed_tokens, m.angles_of_heads})
        key.push_back(flag ? 1 : 0);
    key.push_back(static_cast<double>(m.other_pairs_until));
    key.push_back(static_cast<double>(m.turned_pairs));
    key.push_back(m.key_levels);
    key.push_back(static_cast<double>(m.rotary_dim.value_or(0)));
    key.push_back(m.rotary_theta.value_or(-1));
    for (const Stages one :
         {stage::norms, stage::projections, stage::rotation, stage::heads, stage::values})
        key.push_back(static_cast<double>(m.rounding_at(one)));
    key.push_back(static_cast<double>(m.averaged_kv_heads));
    for (const std::vector<std::size_t>* heads : {&choice.queries, &choice.keys}) {
        key.push_back(static_cast<double>(heads->size()));
        key.insert(key.end(), heads->begin(), heads->end());
    }
    return find_or_make(heads_, key, [&] {
        DenseHeads heads = make(in, mistakes, choice);
        heads.numbers =
            own_numbers(heads.q, in) + own_numbers(heads.k, in) + own_numbers(heads.v, in);
        return std::make_shared<const DenseHeads>(std::move(heads));
    });
}

}  // namespace attn::analysis
