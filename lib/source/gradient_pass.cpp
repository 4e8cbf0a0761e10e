#include "source/gradient_pass.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "attention/blas_threads.hpp"
#include "attention/block_backward.hpp"
#include "attention/divided_backward.hpp"
#include "attention/ranks_sink.hpp"
#include "core/error.hpp"
#include "core/word_list.hpp"
#include "model/logit_gradient.hpp"

namespace attn::source {
namespace {

// What the layers of a forward pass read and gave; ranks have all of it.
template <class T>
class LayerInputSink : public Sink<T>, public JoiningSink<T> {
  public:
    explicit LayerInputSink(Needs needs) : needs_(needs) {}

    Needs needs() const override { return needs_; }
    bool takes_rows() const override { return true; }
    void consume(const Tile<T>&) override {}
    void end_layer(const LayerOutputs<T>& outputs) override {
        if (outputs.x) x.push_back(*outputs.x);
        if (needs_.hidden) last = *outputs.hidden;
        if (needs_.output) last = outputs.attention->output;
    }
    void end_model(const ModelOutputs<T>& outputs) override {
        if (outputs.logits) logits = *outputs.logits;
    }

    std::vector<Array<T>> x;
    std::optional<Array<T>> last;
    Array<T> logits;

  private:
    Needs needs_;
};

// Counts tiles of all layers.
template <class T>
class GradientProgress : public GradientSink<T> {
  public:
    GradientProgress(const Progress& progress, std::size_t layers)
        : progress_(progress), layers_(layers) {}

    void begin_layer(const LayerShape& shape) override {
        tiles_ = shape.slots() * shape.blocks();
        done_ = begun_++ * tiles_;
    }
    void consume(const GradientTile<T>&) override {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++done_;
        progress_(done_, layers_ * tiles_);
    }

  private:
    const Progress& progress_;
    std::size_t layers_, tiles_ = 0, begun_ = 0, done_ = 0;
    std::mutex mutex_;
};

template <class T>
bool has_parts(const BlockWeights<T>& block) {
    for (const Norm<T>* norm :
         {&block.before_attention, &block.after_attention, &block.after_attention_sum,
          &block.before_feed_forward, &block.after_feed_forward, &block.after_feed_forward_sum}) {
        if (norm->kind != NormKind::none) return true;
    }
    return block.feed_forward.has_value();
}

}  // namespace

template <class T>
GradientPass<T>::GradientPass(const ComputedSource<T>& source, io::Inputs& files,
                              const Upstream& upstream, Communicator ranks)
    : source_(source),
      loaded_(source.inputs()),
      files_(files),
      upstream_(upstream),
      ranks_(std::move(ranks)) {
    stacked_ = loaded_.has_weights() && !loaded_.hidden_states &&
               (loaded_.layers.size() > 1 || has_parts_around());
    if (!is_logit()) return;
    if (!loaded_.has_weights() || loaded_.hidden_states)
        fail(upstream.named(), ": needs the whole model: --weights with embeddings or ",
             "token ids, not ", loaded_.has_weights() ? "--hidden-states" : "--query");
    stacked_ = true;
    if (upstream.token >= loaded_.queries)
        fail(upstream.named(), ": there are ", counted(loaded_.queries, "token"),
             ", counted from 0");
}

template <class T>
std::size_t GradientPass<T>::parts() const {
    const AttentionOptions<T> options = loaded_.options_of(0);
    return backward_parts(loaded_.batch, loaded_.kv_heads, !options.sinks.empty(), options.mask);
}

template <class T>
bool GradientPass<T>::has_parts_around() const {
    if (loaded_.bundle->layout->name == std::string("native")) return false;
    model::require_whole_blocks(*loaded_.bundle);
    return has_parts(model::load_layer<T>(files_, *loaded_.bundle, 0, loaded_.sizes[0], policy(),
                                          model::BlockParts::all)
                         .block);
}

template <class T>
io::NonFinite GradientPass<T>::policy() const {
    return loaded_.options.allow_nonfinite ? io::NonFinite::allow : io::NonFinite::refuse;
}

template <class T>
model::LayerWeights<T> GradientPass<T>::load(std::size_t layer) const {
    return model::load_layer<T>(
        files_, *loaded_.bundle, layer, loaded_.sizes[layer], policy(),
        stacked_ ? model::BlockParts::all : model::BlockParts::before_attention);
}

// What each layer reads, by a forward pass; in `last` what the last one gives, where it is asked
// for.
template <class T>
std::vector<Array<T>> GradientPass<T>::layer_inputs(std::optional<Array<T>>& last) const {
    Needs needs;
    needs.hidden = wants_output() || is_logit();
    if (loaded_.layers.size() == 1 && !needs.hidden) return {loaded_.x.front()};
    LayerInputSink<T> recorder(needs);
    RanksSink<T> ranks(ranks_);
    source_.stream({&ranks, &recorder}, {}, nullptr);
    last = std::move(recorder.last);
    return std::move(recorder.x);
}

template <class T>
Array<T> GradientPass<T>::attended(std::size_t layer, const Array<T>& input,
                                   const ProjectionWeights<T>& weights) const {
    const Array<T>& context = loaded_.context.empty() ? input : loaded_.context;
    RanksSink<T> ranks(ranks_);
    return compute_layer<T>(layer, input, context, weights, loaded_.options_of(layer), {&ranks})
        .output;
}

template <class T>
Array<T> GradientPass<T>::beginning(const Array<T>& output, std::size_t layer) const {
    const std::size_t columns =
        stacked_ ? loaded_.x.front().extent(2) : loaded_.layers[layer].d_output;
    return upstream_gradient<T>(upstream_, {loaded_.batch, loaded_.queries, columns}, output, layer,
                                stacked_ ? 0 : loaded_.layers.size(), files_);
}

template <class T>
void GradientPass<T>::stream(const GradientSinks<T>& asked, const Chosen& heads,
                             const Visits& visits, const Progress& progress) const {
    const SingleThreadedBlas blas;
    GradientProgress<T> counter(progress, loaded_.layers.size());
    GradientSinks<T> sinks{&counter};
    sinks.insert(sinks.end(), asked.begin(), asked.end());
    if (!loaded_.has_weights()) return stream_heads(sinks, heads, visits);
    if (!stacked_) {
        for (std::size_t layer = loaded_.layers.size(); layer-- > 0;)
            stream_alone(layer, sinks, heads, visits);
        return;
    }
    std::optional<Array<T>> last;
    std::vector<Array<T>> x = layer_inputs(last);
    Array<T> d =
        is_logit() ? model::logit_gradient<T>(
                         files_, *loaded_.bundle, *last,
                         {upstream_.token, upstream_.vocabulary_entry, upstream_.named()}, policy())
                   : beginning(last.value_or(Array<T>()), loaded_.layers.size() - 1);
    if (is_logit() && visits.final_hidden) visits.final_hidden(d);
    for (std::size_t layer = loaded_.layers.size(); layer-- > 0;) {
        d = stream_block(layer, x[layer], d, sinks, heads, visits);
        x.pop_back();
    }
}

template <class T>
void GradientPass<T>::stream_heads(const GradientSinks<T>& sinks, const Chosen& heads,
                                   const Visits& visits) const {
    const AttentionOptions<T> options = loaded_.options_of(0);
    LayerGradients<T> gradients;
    // The gradient of the energy is the contexts, which the backward pass makes anyway.
    if (!wants_output()) gradients.d_context = beginning(Array<T>(), 0);
    if (visits.before) visits.before(0);
    gradients.heads =
        backward_of_heads<T>(0, loaded_.q, loaded_.k, loaded_.v, options, gradients.d_context,
                             sinks, {std::nullopt, heads}, ranks_);
    if (wants_output()) gradients.d_context = gradients.heads.attention.context;
    visits.layer({0, nullptr, gradients.d_context, nullptr, false, gradients, nullptr});
}

template <class T>
void GradientPass<T>::stream_alone(std::size_t layer, const GradientSinks<T>& sinks,
                                   const Chosen& heads, const Visits& visits) const {
    const auto weights = load(layer);
    const Array<T>& x = loaded_.x[loaded_.hidden_states ? layer : 0];
    const Array<T> input = attention_input(weights.block, x);
    Array<T> result;
    if (wants_output()) result = attended(layer, input, weights.attention);
    const Array<T> d_out = beginning(result, layer);
    if (visits.before) visits.before(layer);
    const LayerGradients<T> gradients = backward_of_layer<T>(
        layer, input, loaded_.context, weights.attention, loaded_.options_of(layer), d_out, sinks,
        {std::nullopt, heads}, ranks_);
    const Array<T> d_in = attention_input_backward(weights.block, x, gradients.x);
    visits.layer({layer, &x, d_out, &d_in, false, gradients, &weights.attention});
    model::release_layer(*loaded_.bundle, layer);
}

template <class T>
Array<T> GradientPass<T>::stream_block(std::size_t layer, const Array<T>& x, const Array<T>& d_out,
                                       const GradientSinks<T>& sinks, const Chosen& heads,
                                       const Visits& visits) const {
    const auto weights = load(layer);
    const Array<T> input = attention_input(weights.block, x);
    BlockGradients<T> around{d_out, d_out};
    if (has_parts(weights.block)) {
        const Array<T> middle = attended(layer, input, weights.attention);
        around = block_backward(weights.block, x, middle, d_out, ranks_);
    }
    if (visits.before) visits.before(layer);
    const LayerGradients<T> gradients = backward_of_layer<T>(
        layer, input, loaded_.context, weights.attention, loaded_.options_of(layer),
        around.attended, sinks, {std::nullopt, heads}, ranks_);
    Array<T> d_in = add(around.x, attention_input_backward(weights.block, x, gradients.x));
    const OverflowGuard guard{layer, loaded_.options.allow_nonfinite};
    guard.check(d_in, "the gradient of the hidden state");
    visits.layer({layer, &x, d_out, &d_in, true, gradients, &weights.attention});
    model::release_layer(*loaded_.bundle, layer);
    return d_in;
}

template <class T>
Array<T> GradientPass<T>::output(std::size_t layer) const {
    Needs needs;
    needs.hidden = stacked_ && !is_logit();
    needs.logits = is_logit();
    needs.output = !stacked_;
    LayerInputSink<T> recorder(needs);
    Share share;
    if (!stacked_) share.layers = std::vector<std::size_t>{layer};
    RanksSink<T> ranks(ranks_);
    source_.stream({&ranks, &recorder}, share, nullptr);
    if (!is_logit()) return *recorder.last;
    std::vector<T> picked;
    const Array<T>& logits = recorder.logits;
    for (std::size_t sequence = 0; sequence < logits.extent(0); ++sequence)
        picked.push_back(
            logits.data()[(sequence * logits.extent(1) + upstream_.token) * logits.extent(2) +
                          upstream_.vocabulary_entry]);
    const Shape shape{picked.size()};
    return Array<T>(shape, std::move(picked));
}

template <class T>
double GradientPass<T>::loss_difference(const Array<T>& after, const Array<T>& before,
                                        std::size_t layer) const {
    Array<T> factors;
    if (!is_logit() && !wants_output()) factors = beginning(after, layer);
    double sum = 0;
    for (std::size_t i = 0; i < after.size(); ++i) {
        const auto a = static_cast<double>(after.data()[i]),
                   b = static_cast<double>(before.data()[i]);
        const double factor = is_logit()       ? 1
                              : wants_output() ? (a + b) / 2
                                               : static_cast<double>(factors.data()[i]);
        sum += factor * (a - b);
    }
    return sum;
}

template class GradientPass<float>;
template class GradientPass<double>;

}  // namespace attn::source
