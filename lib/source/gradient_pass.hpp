// The backward pass through all layers of a computed source, from the last to the first: the one
// loop over layers that differentiates.
#pragma once

#include <functional>
#include <optional>

#include "attention/layer_backward.hpp"
#include "source/computed_source.hpp"
#include "source/upstream.hpp"

namespace attn::source {

// What stands around the gradients of one layer; valid only during the call that hands it out.
template <class T>
struct LayerPass {
    std::size_t layer = 0;
    const Array<T>* x = nullptr;         // what the layer reads; null for given heads
    const Array<T>& d_out;               // the gradient that came from above
    const Array<T>* d_in = nullptr;      // of x; null for given heads
    bool residual = false;               // the layer adds to x, so that d_in holds d_out
    const LayerGradients<T>& gradients;  // of given heads only `heads` and `d_context`
    const ProjectionWeights<T>* projections = nullptr;  // null for given heads
};

template <class T>
class GradientPass {
  public:
    // All must outlive the pass, which `ranks` divide among them; each visits all layers. Throws
    // Error for an upstream that does not fit.
    GradientPass(const ComputedSource<T>& source, io::Inputs& files, const Upstream& upstream,
                 Communicator ranks = {});

    // Into how many parts the heads of a layer can be divided, see divided_backward.hpp.
    std::size_t parts() const;

    // Whether layers stand one over the other: x_{l+1} = x_l + what layer l adds. Else each stands
    // alone: its gradient begins with the upstream, and is that of its attention.
    bool stacked() const { return stacked_; }
    std::size_t layers() const { return loaded_.layers.size(); }

    // Streams the gradients of layers from the last to the first: tiles of the share's heads to
    // the sinks, then the layer. `before` is told which layer comes next.
    struct Visits {
        std::function<void(std::size_t layer)> before;
        std::function<void(const LayerPass<T>&)> layer;
        std::function<void(const Array<T>&)> final_hidden;  // of the last block's result, with
                                                            // an upstream that is a logit
    };
    void stream(const GradientSinks<T>& sinks, const Chosen& heads, const Visits& visits,
                const Progress& progress) const;

    // What the upstream is about, computed forwards: the result of the last block, for a logit that
    // logit of each sequence, else the output of this layer's attention.
    Array<T> output(std::size_t layer) const;

    // L(after) - L(before) for two such outputs.
    double loss_difference(const Array<T>& after, const Array<T>& before, std::size_t layer) const;

  private:
    Array<T> beginning(const Array<T>& output, std::size_t layer) const;
    std::vector<Array<T>> layer_inputs(std::optional<Array<T>>& last) const;
    Array<T> attended(std::size_t layer, const Array<T>& input,
                      const ProjectionWeights<T>& weights) const;
    model::LayerWeights<T> load(std::size_t layer) const;
    bool wants_output() const { return upstream_.kind == Upstream::Kind::energy; }
    bool is_logit() const { return upstream_.kind == Upstream::Kind::logit; }
    bool has_parts_around() const;
    io::NonFinite policy() const;
    void stream_heads(const GradientSinks<T>& sinks, const Chosen& heads,
                      const Visits& visits) const;
    void stream_alone(std::size_t layer, const GradientSinks<T>& sinks, const Chosen& heads,
                      const Visits& visits) const;
    Array<T> stream_block(std::size_t layer, const Array<T>& x, const Array<T>& d_out,
                          const GradientSinks<T>& sinks, const Chosen& heads,
                          const Visits& visits) const;

    const ComputedSource<T>& source_;
    const ComputedInputs<T>& loaded_;
    io::Inputs& files_;
    const Upstream& upstream_;
    Communicator ranks_;
    bool stacked_ = false;
};

}  // namespace attn::source
