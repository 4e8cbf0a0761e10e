// The weights of one layer, kept until what stands around them is known: for measures that need
// weights and values at once.
#pragma once

#include <string>
#include <vector>

#include "analysis/contributions.hpp"
#include "attention/kv_heads.hpp"
#include "attention/layer.hpp"
#include "attention/sink.hpp"

namespace attn::analysis {

// T is float or double.
template <class T>
class KeptWeights {
  public:
    // `what`: who wants them, for the message where they are larger than the memory, an Error.
    void begin_layer(const LayerShape& shape, const std::string& what);
    // Threads may call it at once.
    void keep(const Tile<T>& tile);

    const LayerShape& shape() const { return shape_; }
    std::vector<std::size_t> sequences() const;  // that were kept
    std::vector<std::size_t> heads() const;
    MatrixView<const T> matrix(std::size_t sequence, std::size_t head) const;

    // All heads that were kept of one sequence. `W_O` [heads * d_value, d_model], or empty.
    LayerValues<T> values(const LayerOutputs<T>& outputs, std::size_t sequence, KvOrder order,
                          const Array<T>& W_O) const;

  private:
    LayerShape shape_;
    std::vector<std::vector<T>> weights_;  // of each slot, [queries, keys]
};

// The layer's W_O as it is applied, [heads * d_value, d_model]; empty where it has none.
template <class T>
Array<T> output_matrix(const LayerOutputs<T>& outputs);

// What the attention of one sequence is added to. Throws Error, which begins with `asked_by`, where
// it can be added to nothing: no residual, another width, queries that are not the keys.
template <class T>
Surroundings<T> surroundings_of(const LayerOutputs<T>& outputs, const LayerShape& shape,
                                std::size_t sequence, std::size_t d_model,
                                const std::string& asked_by);

}  // namespace attn::analysis
