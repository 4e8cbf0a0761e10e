// Queries and keys of every head in one plane, for the page of `report`, made when a layer ends.
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "attention/heads.hpp"
#include "attention/kv_heads.hpp"
#include "attention/sink.hpp"
#include "results/report_chunks.hpp"
#include "results/report_meta.hpp"

namespace attn::results {

template <class T>
struct ProjectedHeads {
    HeadsView<T> queries;  // [batch, heads, queries, d_head]
    HeadsView<T> keys;     // [batch, kv_heads, keys, d_head]
};

template <class T>
class EmbeddingSink : public Sink<T> {
  public:
    // The projections of the layer at a place among those that stream by; nothing where there are
    // none.
    using Projected =
        std::function<std::optional<ProjectedHeads<T>>(std::size_t layer, const LayerOutputs<T>&)>;

    // `chunks` must outlive the sink.
    EmbeddingSink(ReportChunks& chunks, Projected projected, KvOrder order);

    void begin_layer(const LayerShape& shape) override;
    void consume(const Tile<T>&) override {}
    void end_layer(const LayerOutputs<T>& outputs) override;

    // Nothing where no layer had any. Call once, after the last layer.
    std::optional<ReportEmbedding> result() const;

  private:
    void embed(const ProjectedHeads<T>& heads, std::size_t sequence, std::size_t head,
               std::size_t slot);

    ReportChunks& chunks_;
    Projected projected_;
    KvOrder order_;
    LayerShape shape_;
    std::size_t layers_ = 0;
    std::size_t step_ = 1;
    std::vector<std::optional<ReportEmbedding::Head>> heads_;  // [layers, slots]
};

}  // namespace attn::results
