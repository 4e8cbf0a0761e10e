#include "pipeline/diagnosed_layer.hpp"

#include <memory>

#include "core/error.hpp"
#include "model/assumptions.hpp"
#include "source/computed_source.hpp"

namespace attn::pipeline {
namespace {

// Keeps what the block of its layer reads.
class HiddenSink : public Sink<double> {
  public:
    void consume(const Tile<double>&) override {}
    void end_layer(const LayerOutputs<double>& layer) override { hidden = *layer.x; }

    Array<double> hidden;
};

// What the layer's block reads if another epsilon stood in every norm before it; empty where none
// stands there.
using HiddenWithEpsilon = std::function<Array<double>(double epsilon)>;

HiddenWithEpsilon hidden_with_epsilon(const source::ComputedInputs<double>& loaded,
                                      source::ComputedRequest request, std::size_t layer,
                                      io::Inputs& files) {
    const bool computed = layer > 0 || !request.token_ids.empty();
    if (!loaded.has_weights() || loaded.hidden_states || !computed ||
        !model::has_norms(*loaded.bundle))
        return {};
    return [request = std::move(request), layer, &files](double epsilon) mutable {
        request.norm_epsilon = epsilon;
        const source::ComputedSource<double> source(request, files, [](const std::string&) {});
        HiddenSink sink;
        source.stream({&sink}, {std::vector<std::size_t>{layer}, {}, {}}, nullptr);
        return sink.hidden;
    };
}

// Keeps what a layer makes of its input.
class NextLayerSink : public Sink<double> {
  public:
    Needs needs() const override { return needs_projections(); }
    void consume(const Tile<double>&) override {}
    void end_layer(const LayerOutputs<double>& layer) override {
        next = analysis::NextLayer{layer.attention->k, layer.attention->v, *layer.projections};
    }

    std::optional<analysis::NextLayer> next;
};

// The layer behind one of a model, computed when it is asked for; empty where there is none of the
// same sizes.
std::function<const analysis::NextLayer*()> next_layer(const source::ComputedInputs<double>& loaded,
                                                       source::ComputedRequest request,
                                                       std::size_t layer, io::Inputs& files) {
    const std::size_t next = layer + 1;
    if (!loaded.has_weights() || next >= loaded.layers.size()) return {};
    const source::LayerShapes &here = loaded.layers[layer], &there = loaded.layers[next];
    if (here.d_head != there.d_head || here.d_value != there.d_value) return {};
    request.layers = std::vector<std::size_t>{next};
    const auto sink = std::make_shared<NextLayerSink>();
    bool tried = false;
    return [request, next, &files, sink, tried]() mutable -> const analysis::NextLayer* {
        if (!tried) {
            tried = true;
            try {
                const source::ComputedSource<double> source(request, files, {});
                source.stream({sink.get()}, {std::vector<std::size_t>{next}, {}, {}}, nullptr);
            } catch (const Error&) {
                sink->next.reset();
            }
        }
        return sink->next ? &*sink->next : nullptr;
    };
}

}  // namespace

analysis::DenseInputs dense_inputs(const LayerOutputs<double>& layer,
                                   const source::ComputedInputs<double>& loaded,
                                   const AttentionOptions<double>& options) {
    analysis::DenseInputs dense;
    dense.options = &options;
    if (layer.projections != nullptr) {
        dense.x = layer.input;
        if (layer.block->before_attention.kind != NormKind::none) {
            dense.x_before_norm = layer.x;
            dense.input_norm = &layer.block->before_attention;
        }
        if (!loaded.context.empty()) dense.context = &loaded.context;
        dense.weights = layer.projections;
    } else {
        dense.q = &loaded.q;
        dense.k = &loaded.k;
        dense.v = &loaded.v;
    }
    return dense;
}

void add_other_layers(analysis::DenseInputs& dense, const LayerOutputs<double>& layer,
                      const source::ComputedInputs<double>& loaded, source::ComputedRequest request,
                      io::Inputs& files) {
    request.layers = std::vector<std::size_t>{layer.layer};
    if (layer.projections != nullptr)
        dense.hidden_with_epsilon = hidden_with_epsilon(loaded, request, layer.layer, files);
    dense.next_layer = next_layer(loaded, request, layer.layer, files);
    for (std::size_t other = 0; other < loaded.relative.size(); ++other) {
        if (other != layer.layer) dense.other_relative.emplace_back(other, loaded.relative[other]);
    }
}

}  // namespace attn::pipeline
