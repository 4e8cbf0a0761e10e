// Shows a RowSumWatch every row of weights that streams by.
#pragma once

#include <optional>

#include "analysis/row_sum_watch.hpp"
#include "attention/sink.hpp"

namespace attn::analysis {

template <class T>
class RowSumSink : public Sink<T> {
  public:
    // `has_sinks`: a sink takes a part of each row, so that sums below one are right.
    explicit RowSumSink(bool has_sinks) : watch_(has_sinks) {}

    void begin_layer(const LayerShape& shape) override { shape_ = shape; }
    void consume(const Tile<T>& tile) override;

    // The first row whose sum is far from one.
    std::optional<FarRow> first() const { return watch_.first(); }

  private:
    LayerShape shape_;
    RowSumWatch watch_;
};

}  // namespace attn::analysis
