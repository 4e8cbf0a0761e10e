// Counts tiles and tells how far a source is.
#pragma once

#include <mutex>

#include "attention/ranks_sink.hpp"
#include "core/progress.hpp"

namespace attn::source {

template <class T>
class ProgressSink : public Sink<T>, public JoiningSink<T> {
  public:
    ProgressSink(Progress progress, std::size_t layers)
        : progress_(std::move(progress)), layers_(layers) {}

    bool takes_rows() const override { return true; }
    void begin_layer(const LayerShape& shape) override {
        tiles_ = shape.slots() * shape.blocks();
        total_ = layers_ * tiles_;
        done_ = begun_++ * tiles_;
    }

    void consume(const Tile<T>&) override {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++done_;
        progress_(done_, total_);
    }

  private:
    Progress progress_;
    std::size_t layers_;
    std::size_t begun_ = 0;
    std::size_t tiles_ = 0;  // of this layer
    std::size_t done_ = 0;   // as if all layers had as many
    std::size_t total_ = 0;
    std::mutex mutex_;
};

}  // namespace attn::source
