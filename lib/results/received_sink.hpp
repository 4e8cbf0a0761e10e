// Writes what each key received, received.npy [(batch,) heads, keys], from the statistics of a
// layer. Stands behind the StatsSink among the sinks.
#pragma once

#include "analysis/stats_sink.hpp"
#include "io/output_folder.hpp"

namespace attn::results {

template <class T>
class ReceivedSink : public Sink<T>, public JoiningSink<T> {
  public:
    // `stats` must outlive the sink. The files have a batch axis iff `batch_axis`.
    ReceivedSink(io::OutputFolder& folder, const analysis::StatsSink<T>& stats, bool batch_axis)
        : folder_(folder), stats_(stats), batch_axis_(batch_axis) {}

    void begin_layer(const LayerShape& shape) override { shape_ = shape; }
    void consume(const Tile<T>&) override {}
    bool takes_rows() const override { return true; }
    void end_layer(const LayerOutputs<T>& outputs) override;

  private:
    io::OutputFolder& folder_;
    const analysis::StatsSink<T>& stats_;
    bool batch_axis_;
    LayerShape shape_;
};

}  // namespace attn::results
