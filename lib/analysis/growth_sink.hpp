// What --growth measures beside the formulas: errors of methods on the first tokens of the input,
// and times of layers of other lengths, where tokens repeat beyond the input.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "analysis/approx_sink.hpp"
#include "analysis/layer_growth.hpp"

namespace attn::analysis {

// A method with its options for one length.
using MethodsOfLength = std::map<std::size_t, std::vector<ApproxMethod>>;

template <class T>
class GrowthSink : public Sink<T>, public InputSink<T>, public JoiningSink<T> {
  public:
    // `errors`: for lengths below that of the input, exact attention first. `times`: for all
    // lengths, of methods for which layers have a formula; each run is repeated so often and the
    // fastest counts, 0: nothing is timed.
    GrowthSink(MethodsOfLength errors, MethodsOfLength times, std::size_t repeat,
               std::uint64_t seed);
    ~GrowthSink() override;

    void begin_options(const AttentionOptions<T>& options) override { options_ = options; }
    // Errors are measured by the same ranks; times by each, of what it does alone.
    void begin_division(const Division& division) override { ranks_ = division.ranks; }
    void begin_layer(const LayerShape& shape) override { shape_ = shape; }
    void consume(const Tile<T>&) override {}
    void end_layer(const LayerOutputs<T>& outputs) override;

    // The measures of the methods of `errors`, over all layers so far, by length.
    std::map<std::size_t, std::vector<ApproxMeasures>> measures() const;

    // The times of the first layer and sequence, of all its heads and four projections of their
    // width; and of recurrent layers of that width.
    const GrowthTimes& times() const { return seconds_; }

  private:
    LayerResult<T> first_tokens(const LayerResult<T>& from, std::size_t sequences,
                                std::size_t n) const;
    AttentionOptions<T> plain_options() const;
    void measure_errors(const LayerResult<T>& heads);
    void measure_times(const LayerResult<T>& heads);

    MethodsOfLength errors_, times_;
    std::size_t repeat_;
    std::uint64_t seed_;
    AttentionOptions<T> options_;
    Communicator ranks_;
    LayerShape shape_;
    std::map<std::size_t, std::unique_ptr<ApproxSink<T>>> sinks_;
    GrowthTimes seconds_;
};

}  // namespace attn::analysis
