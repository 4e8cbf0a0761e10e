// Two attentions at once for the page of `report`: what streams by, less what somebody else says of
// the same cells, packed as matrices are; and how far each head is from its other.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "attention/sink.hpp"
#include "results/report_chunks.hpp"
#include "results/report_meta.hpp"

namespace attn::results {

template <class T>
class DifferenceSink : public Sink<T> {
  public:
    // The weights [queries, keys] of B by the place of the layer that streams by, and by sequence
    // and head.
    using Other = std::function<MatrixView<const T>(std::size_t layer, std::size_t sequence,
                                                    std::size_t head)>;

    // `packed` takes the differences and must outlive the sink.
    DifferenceSink(Other other, ReportSink<T>& packed);
    ~DifferenceSink() override;

    void begin_layer(const LayerShape& shape) override;
    void consume(const Tile<T>& tile) override;
    void end_head(std::size_t sequence, std::size_t head) override;
    void end_layer(const LayerOutputs<T>& outputs) override;

    // By slot: sequence, then layer, then head.
    ReportDifference result() const;

  private:
    struct Rows;

    Other other_;
    ReportSink<T>& packed_;
    LayerShape shape_;
    std::size_t layers_ = 0;
    std::vector<std::unique_ptr<Rows>> rows_;  // of the layer's heads
    std::vector<double> max_abs_;              // [layers, slots]
    std::vector<double> mean_js_;
};

}  // namespace attn::results
