// A sink that keeps all of the layer that streams by last, as whole matrices.
#pragma once

#include <catch2/catch.hpp>
#include <limits>
#include <mutex>
#include <set>

#include "attention/sink.hpp"
#include "core/array.hpp"

namespace attn::test {

template <class T>
class Recorder : public Sink<T> {
  public:
    explicit Recorder(bool keep_scores = true) : scores_wanted_(keep_scores) {}

    Needs needs() const override {
        Needs needs;
        needs.scores = scores_wanted_;
        return needs;
    }

    void begin_layer(const LayerShape& shape) override {
        shape_ = shape;
        const std::size_t cells = shape.sequences * shape.heads * shape.queries * shape.keys;
        scores.assign(cells, -std::numeric_limits<T>::infinity());
        weights.assign(cells, 0);
        finished.clear();
    }

    void consume(const Tile<T>& tile) override {
        for (std::size_t row = 0; row < tile.rows(); ++row) {
            const std::size_t at = place(tile, row);
            for (std::size_t i = 0; i < tile.active.size(); ++i) {
                weights[at + tile.active.begin + i] = tile.weights.row(row)[i];
                if (scores_wanted_) scores[at + tile.active.begin + i] = tile.scores.row(row)[i];
            }
        }
        const std::lock_guard<std::mutex> lock(mutex_);
        ++tiles;
    }

    void end_head(std::size_t sequence, std::size_t head) override {
        const std::lock_guard<std::mutex> lock(mutex_);
        CHECK(finished.insert({sequence, head}).second);
    }

    Array<T> weight_array() const {
        return {{shape_.sequences, shape_.heads, shape_.queries, shape_.keys}, weights};
    }
    Array<T> score_array() const {
        return {{shape_.sequences, shape_.heads, shape_.queries, shape_.keys}, scores};
    }

    std::vector<T> scores;
    std::vector<T> weights;
    std::size_t tiles = 0;
    std::set<std::pair<std::size_t, std::size_t>> finished;

  private:
    std::size_t place(const Tile<T>& tile, std::size_t row) const {
        const std::size_t head = tile.sequence * shape_.heads + tile.head;
        return (head * shape_.queries + tile.first_query + row) * shape_.keys;
    }

    bool scores_wanted_;
    LayerShape shape_;
    std::mutex mutex_;
};

}  // namespace attn::test
