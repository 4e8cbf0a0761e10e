#include "attention/ring_layer.hpp"

#include <algorithm>

#include "attention/overflow.hpp"
#include "attention/project_heads.hpp"

namespace attn {
namespace {

// Both runs of heads that hold the tokens of this rank, one behind the other.
template <class T>
RingRuns<T> both_runs(const Heads<T>& own, const RingTokens& tokens) {
    RingRuns<T> runs{own, own};
    runs[1].view.data += tokens[0].size() * own.view.token_stride;
    for (std::size_t i = 0; i < 2; ++i) runs[i].view.tokens = tokens[i].size();
    return runs;
}

}  // namespace

template <class T>
Array<T> ring_rows(const Communicator& ranks, const Array<T>& x) {
    const std::size_t batch = x.extent(0), columns = x.extent(2);
    const RingTokens tokens = ring_tokens(x.extent(1), ranks.rank(), ranks.size());
    std::vector<T> rows;
    rows.reserve(batch * (tokens[0].size() + tokens[1].size()) * columns);
    for (std::size_t sequence = 0; sequence < batch; ++sequence) {
        const T* const first = x.data() + sequence * x.extent(1) * columns;
        for (const KeyRange& run : tokens)
            rows.insert(rows.end(), first + run.begin * columns, first + run.end * columns);
    }
    return Array<T>({batch, tokens[0].size() + tokens[1].size(), columns}, std::move(rows));
}

template <class T>
Array<T> compute_layer_in_ring(const Communicator& ranks, std::size_t layer, std::size_t tokens,
                               Array<T> x, ProjectionWeights<T> weights,
                               const AttentionOptions<T>& options, const LayerShare& share,
                               const Sinks<T>& sinks, const Progress& progress) {
    const RingTokens runs = ring_tokens(tokens, ranks.rank(), ranks.size());
    const OverflowGuard guard{layer, options.allow_nonfinite,
                              [&](std::size_t row) { return ring_token(runs, row); }};
    guard.check(x, "what the layer reads");
    const Array<T> W_O = weights.W_O, b_O = weights.b_O;
    const MatrixOrder order = weights.order;
    const LayerResult<T> own = project_heads(x, x, std::move(weights));
    x = {};
    Array<T> output = attend_in_ring<T>(
        ranks, layer,
        {tokens, tokens, both_runs(own.q, runs), both_runs(own.k, runs), both_runs(own.v, runs)},
        options, share, sinks, progress);
    if (!share.output) return {};
    if (!W_O.empty()) output = project(output, W_O, b_O, order);
    guard.check(output, "the output of the attention");
    return output;
}

template Array<float> ring_rows(const Communicator&, const Array<float>&);
template Array<double> ring_rows(const Communicator&, const Array<double>&);
template Array<float> compute_layer_in_ring(const Communicator&, std::size_t, std::size_t,
                                            Array<float>, ProjectionWeights<float>,
                                            const AttentionOptions<float>&, const LayerShare&,
                                            const Sinks<float>&, const Progress&);
template Array<double> compute_layer_in_ring(const Communicator&, std::size_t, std::size_t,
                                             Array<double>, ProjectionWeights<double>,
                                             const AttentionOptions<double>&, const LayerShare&,
                                             const Sinks<double>&, const Progress&);

}  // namespace attn
