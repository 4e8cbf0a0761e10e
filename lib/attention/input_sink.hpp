// For sinks that look ahead: what the tiles of a layer are made from, told before the first of
// them. A sink that is also an InputSink is told.
#pragma once

#include <functional>

#include "attention/layer.hpp"
#include "attention/mask.hpp"
#include "attention/sink.hpp"
#include "attention/tile_computation.hpp"

namespace attn {

// What q, k and v of a layer are projected from.
template <class T>
struct ProjectionInputs {
    const Array<T>* x = nullptr;        // [batch, queries, d_model], behind the norm
    const Array<T>* context = nullptr;  // [batch, new keys, d_context]
    const ProjectionWeights<T>* weights = nullptr;
};

// What tiles are computed from, or read from. Valid until the last head is done.
template <class T>
struct LayerInputs {
    const Mask<T>* mask = nullptr;
    const LayerTask<T>* task = nullptr;  // of computed attention: q, k, v
    // Set for stored attention: the weights [queries, keys] of a sequence and head.
    std::function<MatrixView<const T>(std::size_t, std::size_t)> stored = nullptr;
};

template <class T>
class InputSink {
  public:
    virtual ~InputSink() = default;

    // Where there are projections and some sink needs them; valid until end_layer.
    virtual void begin_projections(const ProjectionInputs<T>&) {}
    // How scores become weights; of stored attention only who may attend.
    virtual void begin_options(const AttentionOptions<T>&) {}
    // After both, before begin_layer.
    virtual void begin_inputs(const LayerInputs<T>&) {}
};

// Calls tell(sink) for those that look ahead.
template <class T, class Tell>
void tell_input_sinks(const Sinks<T>& sinks, const Tell& tell) {
    for (Sink<T>* sink : sinks) {
        if (auto* const ahead = dynamic_cast<InputSink<T>*>(sink)) tell(*ahead);
    }
}

}  // namespace attn
