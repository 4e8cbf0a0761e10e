// Shows a RowSumWatch every row of weights that streams by.
#pragma once

#include <optional>

#include "analysis/row_sum_watch.hpp"
#include "attention/ranks_sink.hpp"

namespace attn::analysis {

template <class T>
class RowSumSink : public Sink<T>, public JoiningSink<T> {
  public:
    // `has_sinks`: a sink takes a part of each row, so that sums below one are right.
    explicit RowSumSink(bool has_sinks) : watch_(has_sinks) {}

    void begin_layer(const LayerShape& shape) override { shape_ = shape; }
    void consume(const Tile<T>& tile) override;
    bool remembers() const override { return true; }
    void save_head(std::size_t sequence, std::size_t head, ByteWriter& to) const override;
    void restore_head(std::size_t sequence, std::size_t head, ByteReader& from) override;

    // The first row whose sum is far from one.
    std::optional<FarRow> first() const { return watch_.first(); }

  private:
    LayerShape shape_;
    RowSumWatch watch_;
};

}  // namespace attn::analysis
