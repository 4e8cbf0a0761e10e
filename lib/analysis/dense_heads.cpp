#include "analysis/dense_heads.hpp"

#include <algorithm>

#include "analysis/transpose.hpp"

namespace attn::analysis {
namespace {

Heads<double> split(const Array<double>& packed, std::size_t heads, bool by_reshape) {
    if (!by_reshape) return make_packed_heads(packed, heads);
    const Shape& shape = packed.shape();
    return make_separate_heads(packed.reshaped({shape[0], heads, shape[1], shape[2] / heads}));
}

DenseHeads project_heads(const DenseInputs& in, const Mistakes& mistakes) {
    const bool swaps = mistakes.swapped_keys_and_values;
    if (in.weights == nullptr) return {*in.q, swaps ? *in.v : *in.k, swaps ? *in.k : *in.v};
    const ProjectionWeights<double>& w = *in.weights;
    const auto make = [&](const Array<double>& x, const Array<double>& matrix,
                          const Array<double>& bias, std::size_t heads, const Norm<double>& norm) {
        const Array<double> used = mistakes.transposed_weights ? transpose(matrix) : matrix;
        const Array<double> packed =
            project(x, used, mistakes.missing_biases ? Array<double>() : bias, w.order);
        const Norm<double> norm_used = mistakes.missing_head_norms ? Norm<double>() : norm;
        return split(normalise_heads(packed, heads, norm_used), heads, mistakes.heads_by_reshape);
    };
    const Array<double>& x = mistakes.missing_input_norm ? *in.x_before_norm : *in.x;
    const Array<double>& context = in.context == nullptr ? x : *in.context;
    const auto make_of_context = [&](bool values, const Norm<double>& norm) {
        return values ? make(context, w.W_V, w.b_V, w.kv_heads, norm)
                      : make(context, w.W_K, w.b_K, w.kv_heads, norm);
    };
    return {make(x, w.W_Q, w.b_Q, w.heads, w.q_norm), make_of_context(swaps, w.k_norm),
            in.wants_output ? make_of_context(!swaps, {}) : Heads<double>()};
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

void turn(const RotaryOptions<double>& rotary, const Mistakes& mistakes, DenseHeads& heads) {
    RotaryPairs pairs = rotary.pairs;
    if (mistakes.other_rotary_pairs) {
        pairs =
            pairs == RotaryPairs::half_split ? RotaryPairs::interleaved : RotaryPairs::half_split;
    }
    const RotaryTable<double> table = table_of(rotary, mistakes);
    heads.q = make_separate_heads(rotate(heads.q.view, table, rotary.query_rows, pairs));
    if (mistakes.unturned_keys) return;
    heads.k = make_separate_heads(rotate(heads.k.view, table, rotary.key_rows, pairs));
}

Heads<double> round_heads(const Heads<double>& heads, Rounding rounding) {
    const HeadsView<double>& view = heads.view;
    std::vector<double> values;
    for (std::size_t item = 0; item < view.batch * view.heads; ++item) {
        const MatrixView<const double> matrix = view.head(item / view.heads, item % view.heads);
        for (std::size_t row = 0; row < matrix.rows; ++row) {
            for (const double value : matrix.row(row)) values.push_back(round_to(rounding, value));
        }
    }
    return make_separate_heads(
        Array<double>({view.batch, view.heads, view.tokens, view.width}, std::move(values)));
}

}  // namespace

Array<double> transpose(const Array<double>& matrix) {
    if (matrix.empty() || matrix.extent(0) != matrix.extent(1)) return matrix;
    std::vector<double> values(matrix.data(), matrix.data() + matrix.size());
    transpose_square(values.data(), matrix.extent(0));
    return {matrix.shape(), std::move(values)};
}

DenseHeads make_dense_heads(const DenseInputs& in, const Mistakes& mistakes) {
    const AttentionOptions<double>& options = *in.options;
    DenseHeads heads = project_heads(in, mistakes);
    if (options.rotary && !mistakes.missing_rotary) turn(*options.rotary, mistakes, heads);
    if (!options.past_key.empty()) {
        const auto join = [](const Array<double>& past, const Heads<double>& rest) {
            return make_separate_heads(join_tokens(separate_heads(past), rest.view));
        };
        heads.k = join(options.past_key, heads.k);
        if (in.wants_output) heads.v = join(options.past_value, heads.v);
    }
    if (mistakes.arithmetic != Rounding::none) {
        heads.q = round_heads(heads.q, mistakes.arithmetic);
        heads.k = round_heads(heads.k, mistakes.arithmetic);
        if (in.wants_output) heads.v = round_heads(heads.v, mistakes.arithmetic);
    }
    return heads;
}

}  // namespace attn::analysis
