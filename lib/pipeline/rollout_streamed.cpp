#include "pipeline/rollout_streamed.hpp"

#include <algorithm>

#include "core/memory.hpp"
#include "pipeline/rollout.hpp"
#include "pipeline/rollout_product.hpp"

namespace attn::pipeline {
namespace {

// Keeps what each layer reads.
template <class T>
class ReadingSink : public Sink<T> {
  public:
    void consume(const Tile<T>&) override {}
    void end_layer(const LayerOutputs<T>& outputs) override { x[outputs.layer] = *outputs.x; }

    std::map<std::size_t, Array<T>> x;
};

}  // namespace

bool rolls_by_blocks(const RolloutRequest& request, std::size_t tokens) {
    const analysis::RolloutOptions options = request.options();
    const bool some =
        request.targets || request.last_target || request.sources || tokens > kMostWholeTokens;
    return some && request.method == RolloutMethod::attention &&
           options.fuse != analysis::Fuse::per_head && !request.save.layers &&
           !request.uniform_baseline && request.cross.empty() &&
           (options.discard == 0 || options.discard_scope == analysis::DiscardScope::row);
}

template <class T>
StreamedRollout<T>::StreamedRollout(std::shared_ptr<const source::ComputedSource<T>> source,
                                    std::string name, std::vector<std::size_t> layers,
                                    std::vector<std::size_t> heads,
                                    const std::vector<std::vector<double>>& shares)
    : source_(std::move(source)),
      name_(std::move(name)),
      layers_(std::move(layers)),
      heads_(std::move(heads)) {
    const source::ComputedInputs<T>& loaded = source_->inputs();
    for (const std::size_t layer : layers_)
        of_layers_.masks.emplace(layer, Mask<T>(loaded.options_of(layer).mask, loaded.keys));
    for (std::size_t i = 0; i < shares.size(); ++i) of_layers_.shares[layers_[i]] = shares[i];
}

template <class T>
Share StreamedRollout<T>::share_of(const std::vector<std::size_t>& layers,
                                   const std::vector<std::size_t>& sequences) const {
    Share share{layers, sequences, heads_};
    std::sort(share.sequences->begin(), share.sequences->end());
    return share;
}

template <class T>
std::map<std::size_t, Matrix<T>> StreamedRollout<T>::sources(
    const std::vector<std::size_t>& numbers, const analysis::RolloutOptions& options,
    const std::vector<std::size_t>& sequences, const Progress& progress) const {
    using Sink = analysis::RolloutSink<T>;
    Sink sink(Sink::Lines::sources, numbers, options, of_layers_, name_);
    source_->stream({&sink}, share_of(layers_, sequences), progress);
    return sink.take();
}

// The inputs of the layers that take part.
template <class T>
std::map<std::size_t, Array<T>> StreamedRollout<T>::layer_inputs(const Progress& progress) const {
    const source::ComputedInputs<T>& loaded = source_->inputs();
    std::map<std::size_t, Array<T>> all;
    if (!loaded.has_weights()) {
        all[0] = Array<T>();
    } else if (loaded.hidden_states) {
        for (const std::size_t layer : layers_) all[layer] = loaded.x[layer];
    } else if (layers_ == std::vector<std::size_t>{0}) {
        all[0] = loaded.x.front();
    } else {
        require_memory(layers_.size() * loaded.x.front().size() * sizeof(T),
                       name_ +
                           ": what each layer reads, which --targets of computed attention keep; "
                           "--sources keep nothing");
        ReadingSink<T> reading;
        source_->stream({&reading}, {layers_, std::nullopt, std::nullopt}, progress);
        all = std::move(reading.x);
    }
    return all;
}

template <class T>
std::map<std::size_t, Matrix<T>> StreamedRollout<T>::targets(
    const std::vector<std::size_t>& numbers, const analysis::RolloutOptions& options,
    const std::vector<std::size_t>& sequences, const Progress& progress) const {
    using Sink = analysis::RolloutSink<T>;
    const Progress first_half =
        progress ? Progress([&](std::size_t done, std::size_t all) { progress(done, 2 * all); })
                 : nullptr;
    std::map<std::size_t, Array<T>> x = layer_inputs(first_half);
    Sink sink(Sink::Lines::targets, numbers, options, of_layers_, name_);
    for (std::size_t i = layers_.size(); i-- > 0;) {
        const std::size_t layer = layers_[i];
        source_->stream_alone(layer, x.at(layer), {&sink}, share_of({layer}, sequences));
        x.erase(layer);
        progress(2 * layers_.size() - i, 2 * layers_.size());
    }
    return sink.take();
}

template class StreamedRollout<float>;
template class StreamedRollout<double>;

}  // namespace attn::pipeline
