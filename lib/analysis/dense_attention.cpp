#include "analysis/dense_attention.hpp"

#include "analysis/dense_block.hpp"
#include "analysis/transpose.hpp"
#include "core/index_list.hpp"

namespace attn::analysis {
namespace {

void append(std::vector<double>& all, const std::vector<double>& more) {
    all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

DenseAttention compute_dense(const DenseInputs& inputs, const Mistakes& mistakes) {
    DenseHeadsStore store;
    const DenseComputation computation(inputs, mistakes, store);
    const std::size_t batch = computation.batch(), heads = computation.heads(),
                      queries = computation.queries(), keys = computation.keys();
    std::vector<double> products, scores, weights, output;
    for (std::size_t sequence = 0; sequence < batch; ++sequence) {
        const DenseBlock block =
            computation.block({sequence, count_up(heads), count_up(queries), count_up(keys)});
        append(products, block.products);
        append(scores, block.scores);
        append(weights, block.weights);
        if (inputs.wants_output) append(output, computation.output(sequence, count_up(queries)));
    }
    if (mistakes.transposed && queries == keys) {
        for (std::size_t first = 0; first < weights.size(); first += keys * keys) {
            transpose_square(weights.data() + first, keys);
            transpose_square(scores.data() + first, keys);
        }
    }
    for (double& weight : weights) weight = round_to(mistakes.rounding, weight);
    for (double& score : scores) score = round_to(mistakes.rounding, score);
    const Shape cells{batch, heads, queries, keys};
    DenseAttention attention{
        {cells, std::move(products)}, {cells, std::move(scores)}, {cells, std::move(weights)}, {}};
    if (inputs.wants_output) {
        const std::size_t width = output.size() / (batch * queries);
        attention.output = Array<double>({batch, queries, width}, std::move(output));
    }
    return attention;
}

}  // namespace attn::analysis
