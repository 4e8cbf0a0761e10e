// How long exact attention and the methods with a fast path of their own take for real, each layer
// alone, on all threads. Neither side keeps weights.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "analysis/approx_layer.hpp"
#include "attention/input_sink.hpp"

namespace attn::analysis {

// Seconds of the fastest of `repeat` runs.
template <class Run>
double best_time(std::size_t repeat, const Run& run) {
    double best = 0;
    for (std::size_t i = 0; i < repeat; ++i) {
        const auto start = std::chrono::steady_clock::now();
        run();
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
        if (i == 0 || taken.count() < best) best = taken.count();
    }
    return best;
}

// The times of one layer, in seconds.
struct LayerTimes {
    std::size_t layer = 0;
    double exact = 0;
    std::vector<std::optional<double>> methods;  // in their order; nothing: no fast path
};

template <class T>
class TimeSink : public Sink<T>, public InputSink<T> {
  public:
    // Each run is repeated so often, and the fastest counts.
    TimeSink(std::vector<ApproxMethod> methods, std::size_t repeat);

    void begin_options(const AttentionOptions<T>& options) override { options_ = options; }
    void begin_layer(const LayerShape& shape) override { shape_ = shape; }
    void consume(const Tile<T>&) override {}
    void end_layer(const LayerOutputs<T>& outputs) override;

    const std::vector<LayerTimes>& layers() const { return layers_; }

    // Whether scores are q·k under no mask but causality: else only exact attention is timed.
    static bool has_fast_paths(const AttentionOptions<T>& options);

  private:
    std::optional<double> time_of(const ApproxMethod& method,
                                  const AttentionInputs<T>& inputs) const;

    std::vector<ApproxMethod> methods_;
    std::size_t repeat_;
    AttentionOptions<T> options_;
    LayerShape shape_;
    std::vector<LayerTimes> layers_;
};

}  // namespace attn::analysis
