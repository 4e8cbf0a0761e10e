// Counts tiles and tells how far a computation is.
#pragma once

#include <mutex>

#include "attention/sink.hpp"
#include "core/progress.hpp"

namespace attn::pipeline {

template <class T>
class ProgressSink : public Sink<T> {
  public:
    ProgressSink(Progress progress, std::size_t layers)
        : progress_(std::move(progress)), layers_(layers) {}

    void begin_layer(const LayerShape& shape) override {
        total_ = layers_ * shape.sequences * shape.heads * shape.blocks();
    }

    void consume(const Tile<T>&) override {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++done_;
        if (progress_) progress_(done_, total_);
    }

  private:
    Progress progress_;
    std::size_t layers_;
    std::size_t done_ = 0;
    std::size_t total_ = 0;
    std::mutex mutex_;
};

}  // namespace attn::pipeline
