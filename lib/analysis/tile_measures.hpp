// One tile of exact attention, measured against all methods of a run.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/approx_layer.hpp"
#include "analysis/row_approximation.hpp"
#include "attention/panels.hpp"
#include "attention/tile.hpp"

namespace attn::analysis {

// The values of one head, as they are and packed; empty where there are none.
template <class T>
struct HeadValues {
    const Panels<T>* panels = nullptr;
    std::size_t matrix = 0;
    MatrixView<const T> rows;  // [keys, d_value]
};

template <class T>
struct TileTask {
    const std::vector<ApproxMethod>& methods;
    const ApproxLayer<T>& layer;
    const LayerShape& shape;
    HeadValues<T> values;
    bool computed = true;  // tiles carry contexts, and scores where needs() asked for them
    std::size_t top_keys = 8;
};

// Where the results of a tile go.
template <class T>
class TileResults {
  public:
    virtual ~TileResults() = default;
    // Rows of one method, in their order.
    virtual void add(std::size_t method, const RowError& row) = 0;
    // Adds the contexts of one row, where there are any.
    virtual void add_context(std::size_t method, std::size_t query, Span<const T> exact,
                             Span<const T> implied) = 0;
};

// Calls the results for every row of the tile that has keys, method by method.
template <class T>
void measure_tile(const TileTask<T>& task, const Tile<T>& tile, TileResults<T>& results);

}  // namespace attn::analysis
