#include "source/computed_source.hpp"

#include "attention/blas_threads.hpp"
#include "attention/divided_rows.hpp"
#include "attention/input_sink.hpp"
#include "attention/ranks_sink.hpp"
#include "attention/ring_layer.hpp"
#include "core/index_list.hpp"
#include "core/phase_clock.hpp"
#include "io/page_advice.hpp"
#include "model/embedding.hpp"
#include "source/progress_sink.hpp"

namespace attn::source {
namespace {

template <class T>
Outline outline_of(const ComputedInputs<T>& loaded) {
    Outline outline;
    outline.layers = count_up(loaded.layers.size());
    outline.heads = count_up(loaded.heads);
    outline.sequences = loaded.batch;
    outline.queries = loaded.queries;
    outline.keys = loaded.keys;
    outline.structure = loaded.options.mask.structure;
    for (std::size_t layer = 0; layer < loaded.window_left.size(); ++layer) {
        if (loaded.window_left[layer]) outline.window_left[layer] = *loaded.window_left[layer];
    }
    outline.tokens = loaded.tokens;
    outline.key_tokens = loaded.key_tokens;
    outline.has_sinks = !loaded.options.sinks.empty();
    return outline;
}

// Rows of a block do not know each other either.
template <class T>
Array<T> block_output_of(const Sinks<T>& sinks, const BlockWeights<T>& block, const Array<T>& x,
                         const Array<T>& attended, const OverflowGuard& guard) {
    const RanksSink<T>* const shared = ranks_among(sinks);
    if (shared == nullptr || shared->ranks().is_alone())
        return block_output(block, x, attended, guard);
    const OverflowGuard open{guard.layer, true, guard.token_of};
    const Array<T> all =
        divide_rows<T>(shared->ranks(), x.extent(0) * x.extent(1),
                       [&](std::size_t first, std::size_t count) {
                           return block_output(block, some_rows_of(x, first, count),
                                               some_rows_of(attended, first, count), open);
                       })
            .reshaped(x.shape());
    // Where the fault began is said by who has all rows.
    return guard.finds_fault(all) ? block_output(block, x, attended, guard) : all;
}

// A cold disk reads the weights of a layer while the one before it is computed.
void expect_layer(const model::WeightBundle& bundle, std::size_t layer) {
    if (layer >= bundle.layers.size()) return;
    for (const auto& [name, array] : bundle.layers[layer]) {
        if (array.mapped) io::expect_pages(array.bytes);
    }
}

}  // namespace

template <class T>
ComputedSource<T>::ComputedSource(const ComputedRequest& request, io::Inputs& inputs,
                                  const Warn& warn)
    : files_(inputs),
      allow_nonfinite_(request.allow_nonfinite),
      loaded_(load_computed_inputs<T>(request, inputs, warn)),
      outline_(outline_of(loaded_)) {}

template <class T>
void ComputedSource<T>::go_round(const Communicator& ranks) {
    ring_ = ranks;
    for (Array<T>& x : loaded_.x) x = ring_rows(ranks, x);
}

template <class T>
void ComputedSource<T>::stream(const Sinks<T>& sinks, const Share& share,
                               const Progress& progress) const {
    const Needs needs = needs_of(sinks);
    const std::size_t layers = loaded_.layers.size();
    const std::size_t last = share.layers ? share.layers->back() : layers - 1;
    const std::size_t end = needs.model_output() ? layers : last + 1;
    ProgressSink<T> counter(progress, end);
    Sinks<T> all{&counter};
    all.insert(all.end(), sinks.begin(), sinks.end());
    Sinks<T> none{&counter};
    if (RanksSink<T>* const ranks = ranks_among(sinks)) none.push_back(ranks);

    // Once for all layers: OpenBLAS wakes its threads each time the number changes. Without weights
    // there are no products, and it need not be loaded at all.
    std::optional<SingleThreadedBlas> blas;
    if (loaded_.has_weights()) blas.emplace();
    Array<T> x = loaded_.x.empty() ? Array<T>() : loaded_.x.front();
    for (std::size_t layer = 0; layer < end; ++layer) {
        const bool streamed = is_chosen(share.layers, layer);
        if (loaded_.hidden_states) {
            // What the model makes of the last layer is asked for whatever is streamed.
            if (!streamed && !(needs.model_output() && layer + 1 == end)) continue;
            x = loaded_.x[layer];
        }
        const bool block = needs.model_output() || (layer < last && !loaded_.hidden_states);
        if (!loaded_.saved.empty() && !streamed) continue;
        LayerShare own;
        if (streamed) own = {share.sequences, share.heads, block || needs.output};
        if (loaded_.has_weights() && layer + 1 < end) expect_layer(*loaded_.bundle, layer + 1);
        const Layer asked{layer, x, streamed ? all : none, own, block};
        if (layer >= start_)
            x = stream_layer(asked);
        else if (loaded_.has_weights())
            load(asked);  // so that the manifest lists what was read
        if (loaded_.has_weights()) model::release_layer(*loaded_.bundle, layer);
    }
    if (needs.model_output()) end_model(x, needs, sinks);
}

template <class T>
void ComputedSource<T>::stream_alone(std::size_t layer, const Array<T>& x, const Sinks<T>& sinks,
                                     const Share& share) const {
    const SingleThreadedBlas blas;
    stream_layer({layer, x, sinks, {share.sequences, share.heads, false}, false});
    if (loaded_.has_weights()) model::release_layer(*loaded_.bundle, layer);
}

// The weights of the layer as they are computed with.
template <class T>
model::LayerWeights<T> ComputedSource<T>::load(const Layer& asked) const {
    const InPhase phase(Phase::convert);
    const io::NonFinite policy = allow_nonfinite_ ? io::NonFinite::allow : io::NonFinite::refuse;
    const model::BlockParts parts = asked.block ? model::BlockParts::all
                                    : needs_of(asked.sinks).norms_behind
                                        ? model::BlockParts::around_attention
                                        : model::BlockParts::before_attention;
    return model::load_layer<T>(files_, *loaded_.bundle, asked.layer, loaded_.sizes[asked.layer],
                                policy, parts);
}

template <class T>
OverflowGuard ComputedSource<T>::guard_of(std::optional<std::size_t> layer) const {
    OverflowGuard guard{layer, allow_nonfinite_};
    if (!ring_) return guard;
    const RingTokens own = ring_tokens(loaded_.queries, ring_->rank(), ring_->size());
    guard.token_of = [own](std::size_t row) { return ring_token(own, row); };
    return guard;
}

// Gives what the next layer reads, where the block is asked for.
template <class T>
Array<T> ComputedSource<T>::stream_layer(const Layer& asked) const {
    if (!loaded_.has_weights()) {
        stream_heads(asked);
        return {};
    }
    model::LayerWeights<T> weights = load(asked);
    const bool needed = needs_of(asked.sinks).projections;
    const InPhase phase(Phase::attend);
    Array<T> input = attention_input(weights.block, asked.x);
    Array<T> context = loaded_.context.empty() ? input : loaded_.context;
    if (needed) {
        tell_input_sinks(asked.sinks, [&](InputSink<T>& sink) {
            sink.begin_projections({&input, &context, &weights.attention});
        });
    }
    const auto hand_over = [&](auto& array) { return needed ? array : std::move(array); };
    LayerResult<T> attention;
    if (ring_)
        attention.output = compute_layer_in_ring<T>(
            *ring_, asked.layer, loaded_.queries, hand_over(input), hand_over(weights.attention),
            loaded_.options_of(asked.layer), asked.share, asked.sinks, {});
    else
        attention = compute_layer<T>(asked.layer, hand_over(input), hand_over(context),
                                     hand_over(weights.attention), loaded_.options_of(asked.layer),
                                     asked.sinks, asked.share);
    LayerOutputs<T> outputs;
    outputs.layer = asked.layer;
    outputs.x = &asked.x;
    if (needed) {
        outputs.input = &input;
        outputs.projections = &weights.attention;
    }
    outputs.block = &weights.block;
    outputs.attention = &attention;
    Array<T> hidden;
    if (asked.block) {
        const InPhase products(Phase::project);
        hidden = block_output_of(asked.sinks, weights.block, asked.x, attention.output,
                                 guard_of(asked.layer));
        outputs.hidden = &hidden;
    }
    for (Sink<T>* sink : asked.sinks) sink->end_layer(outputs);
    return hidden;
}

template <class T>
void ComputedSource<T>::stream_heads(const Layer& asked) const {
    const InPhase phase(Phase::attend);
    const bool saved = !loaded_.saved.empty();
    const Heads<T>& q = saved ? loaded_.saved[asked.layer].q : loaded_.q;
    const Heads<T>& k = saved ? loaded_.saved[asked.layer].k : loaded_.k;
    const Heads<T>& v = saved ? loaded_.saved[asked.layer].v : loaded_.v;
    const AttentionOptions<T> options = loaded_.options_of(asked.layer);
    LayerResult<T> attention;
    if (ring_)
        attention.output =
            attend_in_ring(*ring_, asked.layer, ring_inputs(*ring_, q.view, k.view, v.view),
                           options, asked.share, asked.sinks, {});
    else
        attention = compute_heads(asked.layer, q, k, v, options, asked.sinks, asked.share);
    LayerOutputs<T> outputs;
    outputs.layer = asked.layer;
    outputs.attention = &attention;
    for (Sink<T>* sink : asked.sinks) sink->end_layer(outputs);
}

template <class T>
void ComputedSource<T>::end_model(const Array<T>& x, const Needs& needs,
                                  const Sinks<T>& sinks) const {
    const InPhase phase(Phase::project);
    const io::NonFinite policy = allow_nonfinite_ ? io::NonFinite::allow : io::NonFinite::refuse;
    const OverflowGuard guard = guard_of(std::nullopt);
    const Array<T> hidden = model::final_hidden<T>(files_, *loaded_.bundle, x, policy);
    guard.check(hidden, "the final hidden state");
    Array<T> logits;
    ModelOutputs<T> outputs;
    outputs.hidden = &hidden;
    if (needs.logits) {
        logits = model::make_logits<T>(files_, *loaded_.bundle, hidden, policy);
        guard.check(logits, "the logit");
        outputs.logits = &logits;
    }
    for (Sink<T>* sink : sinks) sink->end_model(outputs);
}

template class ComputedSource<float>;
template class ComputedSource<double>;

}  // namespace attn::source
