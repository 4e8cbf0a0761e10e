// Heads whose weights a test writes down, handed to sinks as a source does.
#pragma once

#include <vector>

#include "attention/sink.hpp"

namespace attn::test {

using Rows = std::vector<std::vector<double>>;

// The matrix of some rows; keeps its numbers.
class GivenMatrix {
  public:
    explicit GivenMatrix(const Rows& rows) : rows_(rows.size()), columns_(rows.at(0).size()) {
        for (const auto& row : rows) values_.insert(values_.end(), row.begin(), row.end());
    }
    MatrixView<const double> view() const { return {values_.data(), rows_, columns_}; }

  private:
    std::vector<double> values_;
    std::size_t rows_;
    std::size_t columns_;
};

// The heads of one layer, all of one shape, in tiles of `block_rows` rows, the last tile first.
// With `causal` a row may attend the keys up to its own position, else all.
inline void stream(Sink<double>& sink, const std::vector<Rows>& heads, bool causal = false,
                   std::size_t block_rows = 2, std::size_t layer = 0) {
    LayerShape shape;
    shape.layer = layer;
    shape.heads = heads.size();
    shape.queries = heads[0].size();
    shape.keys = heads[0][0].size();
    shape.block_rows = block_rows;
    sink.begin_layer(shape);
    for (std::size_t head = 0; head < heads.size(); ++head) {
        const GivenMatrix matrix(heads[head]);
        std::vector<KeyRange> allowed;
        for (std::size_t query = 0; query < shape.queries; ++query)
            allowed.push_back({0, causal ? query + 1 : shape.keys});
        for (std::size_t block = shape.blocks(); block-- > 0;) {
            Tile<double> tile;
            tile.layer = layer;
            tile.head = head;
            tile.first_query = block * block_rows;
            tile.active = {0, shape.keys};
            const std::size_t rows = shape.rows_of_block(block);
            tile.allowed = {allowed.data() + tile.first_query, rows};
            tile.weights = {matrix.view().data + tile.first_query * shape.keys, rows, shape.keys};
            sink.consume(tile);
        }
        sink.end_head(0, head);
    }
    sink.end_layer({});
}

}  // namespace attn::test
