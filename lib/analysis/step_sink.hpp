// Measures what changes over training, of one step: NaN, ranges of scores, how far weights are from
// those of the step before, what layers make of their tokens. Beside StatsSink.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "attention/kv_heads.hpp"
#include "attention/ranks_sink.hpp"
#include "core/span.hpp"

namespace attn::analysis {

// Some rows of one head.
struct StepRows {
    std::size_t layer, sequence, head;
    std::size_t first, count;
};

// These rows of the weights of the step before, [count, keys]: where they lie, or in `buffer`,
// which has room for them.
template <class T>
using WeightsBefore = std::function<MatrixView<const T>(const StepRows& rows, T* buffer)>;

// What is kept of a row for the step that comes.
struct StepRow {
    KeyRange keys;    // outside of these its weights are 0
    double logs = 0;  // Σ w ln w
    bool known = false;
};

// What was kept of these rows; nothing where it is not known.
using RowsBefore = std::function<Span<const StepRow>(const StepRows& rows)>;

// The entropy of a row that StatsSink measured on this thread.
using EntropyOf = std::function<double(std::size_t sequence, std::size_t head, std::size_t query)>;

template <class T>
struct StepOptions {
    WeightsBefore<T> before;   // null: at the first step
    RowsBefore rows_before{};  // null: none are known
    EntropyOf entropy_of{};    // null: it is computed
    // Set for a source that computes: scores, and what layers give; scores must be those before
    // bias and mask.
    bool computed = false;
    KvOrder kv_order = KvOrder::repeat;
    std::function<double(std::size_t layer, std::size_t d_head)> scale{};  // of the scores
    bool keep = false;   // all weights, for the step that comes
    std::string name{};  // of the source, for errors
};

// The measures of one head of one sequence. NaN: does not exist.
struct StepFacts {
    std::size_t layer = 0;
    std::size_t sequence = 0;
    std::size_t head = 0;
    bool nonfinite = false;
    bool no_weights = false;  // all are 0
    double change = 0;        // mean over rows of JS / ln 2
    double difference = 0;    // largest
    double score_range = 0;   // of weights without scores
    double max_score = 0, max_abs_score = 0, score_std = 0;
    double qk_spectral = 0;
};

// The measures of one layer and sequence.
struct LayerFacts {
    std::size_t layer = 0;
    std::size_t sequence = 0;
    bool nonfinite = false;
    double rank_residual = 0, token_cosine = 0, stable_rank = 0;
};

template <class T>
class StepSink : public Sink<T>, public JoiningSink<T> {
  public:
    explicit StepSink(StepOptions<T> options) : options_(std::move(options)) {}

    Needs needs() const override {
        Needs needs;
        needs.scores = needs.output = needs.projections = options_.computed;
        return needs;
    }
    void begin_layer(const LayerShape& shape) override;
    void consume(const Tile<T>& tile) override;
    void end_head(std::size_t sequence, std::size_t head) override;
    // Without the weights that are kept: who streams a head does so at every step.
    void save_head(std::size_t sequence, std::size_t head, ByteWriter& to) const override;
    void restore_head(std::size_t sequence, std::size_t head, ByteReader& from) override;
    void end_layer(const LayerOutputs<T>& outputs) override;

    // In the order of layers, sequences and heads.
    const std::vector<StepFacts>& heads() const { return heads_; }
    const std::vector<LayerFacts>& layers() const { return layers_; }

    // What `keep` asked for: each head's weights, [queries, keys]. Throws Error for a head that
    // another rank streamed, because steps whose masks differ are divided otherwise.
    MatrixView<const T> kept(std::size_t layer, std::size_t sequence, std::size_t head) const;

    // Lets go of the step before, and of whom it asked while it streamed.
    void forget_before() {
        options_.before = nullptr;
        options_.rows_before = nullptr;
        options_.entropy_of = nullptr;
    }

    // What is kept of rows that streamed by here; nothing of others.
    Span<const StepRow> rows_kept(const StepRows& rows) const;

  private:
    struct Row {
        bool nonfinite = false;
        bool weighted = false;  // some weight is not 0
        bool compared = false;  // there are weights now and before
        double divergence = 0, difference = 0;
        double range = -1;  // below 0: left out
        ScoreSums scores{};
    };
    void require_weights(const Tile<T>& tile, std::size_t row) const;
    Row measure(const Tile<T>& tile, std::size_t row, StepRow& kept) const;
    void compare(const Tile<T>& tile, std::size_t row, const T* before, const StepRow& row_before,
                 StepRow& kept, Row& found) const;
    double logs_of(const Tile<T>& tile, std::size_t row, const StepRow& kept) const;
    ScoreSums scores_of(const Tile<T>& tile, std::size_t row) const;
    void measure_projections(const ProjectionWeights<T>& weights);

    StepOptions<T> options_;
    LayerShape shape_;
    std::size_t first_ = 0;               // of this layer, in heads_
    std::vector<std::vector<Row>> rows_;  // of each slot
    std::vector<StepFacts> heads_;
    std::vector<LayerFacts> layers_;
    std::map<std::size_t, std::vector<std::vector<T>>> kept_;  // of each layer and slot
    std::map<std::size_t, LayerShape> kept_shapes_;
    std::map<std::size_t, std::vector<std::vector<StepRow>>> kept_rows_;  // likewise
};

}  // namespace attn::analysis
