// Measures every head while it streams by, in memory that grows with the queries and keys only.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "analysis/head_stats.hpp"
#include "attention/ranks_sink.hpp"

namespace attn::analysis {

struct StatsOptions {
    std::vector<std::ptrdiff_t> offsets{0};  // where query 0 stands; one, or one a sequence
    // Tokens of the keys, among which each query stands at its offset: one list a sequence, one for
    // all, or none.
    std::vector<std::vector<std::string>> tokens;
    std::optional<PatchGrid> grid;  // of the keys
    bool scores = false;            // measure scores too, of sources that compute them
    bool exclude_first_key = false;
    bool exclude_self = false;
    PatternScore pattern_score = PatternScore::mul;
};

template <class T>
class StatsSink : public Sink<T>, public JoiningSink<T> {
  public:
    explicit StatsSink(StatsOptions options);
    ~StatsSink() override;

    Needs needs() const override {
        Needs needs;
        needs.row_sums = options_.scores;
        return needs;
    }
    void begin_layer(const LayerShape& shape) override;
    void consume(const Tile<T>& tile) override;
    void end_head(std::size_t sequence, std::size_t head) override;
    bool takes_rows() const override { return true; }
    void save_rows(const RowPiece& piece, ByteWriter& to) const override;
    void restore_rows(const RowPiece& piece, ByteReader& from) override;
    bool remembers() const override { return true; }
    void save_head(std::size_t sequence, std::size_t head, ByteWriter& to) const override;
    void restore_head(std::size_t sequence, std::size_t head, ByteReader& from) override;

    // -Σ w ln w over the keys that a row may attend, of a head that streams by now and of a tile
    // that this thread gave to consume(); 0 of a row without weight.
    double entropy_of(std::size_t sequence, std::size_t head, std::size_t query) const;

    // In the order of layers, sequences and heads.
    const std::vector<HeadStats>& heads() const { return results_; }

    // Σ of each key's column, [heads, keys] of all results: what a key received.
    const std::vector<std::vector<double>>& received() const { return received_; }

  private:
    struct HeadRows;

    StatsOptions options_;
    std::vector<TokenPatterns> patterns_;
    LayerShape shape_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<HeadRows>> rows_;  // of the heads that stream by now
    std::vector<HeadStats> results_;
    std::vector<std::vector<double>> received_;
    std::size_t first_result_ = 0;  // of this layer

    HeadRows& rows_of(std::size_t slot);
};

}  // namespace attn::analysis
