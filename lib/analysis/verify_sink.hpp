// Computes a sample of what streams by once more, by the definition in double, and finds where the
// two differ by more than rounding explains.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "attention/definition.hpp"
#include "attention/ranks_sink.hpp"

namespace attn::analysis {

// A number that is not what it should be.
struct Discrepancy {
    const char* what = "";  // "score", "weight" or "context"
    std::size_t layer = 0, sequence = 0, head = 0, query = 0;
    std::optional<std::size_t> key;     // of scores and weights
    std::optional<std::size_t> column;  // of contexts
    double seen = 0, defined = 0;
    double bound = 0;  // the most that rounding explains
};

// "layer 0, sequence 0, head 1, query 3, key 2: the weight is 0.5, by definition 0.25 (…)".
std::string describe(const Discrepancy& found);

struct Verification {
    std::size_t layers = 0;
    std::size_t heads = 0;             // of all layers and sequences
    std::size_t rows = 0;              // of those heads
    std::size_t all_rows = 0;          // that were streamed
    std::size_t not_finite = 0;        // rows that hold what no bound is known for; not compared
    double largest = 0;                // difference, as a part of its bound
    std::optional<Discrepancy> first;  // in the order of layers, sequences, heads and queries
};

// How much was verified, and how well: "verified by the definition: 40 of 40 rows …".
std::string describe(const Verification& verification);

// Queries of heads of sequences; the rows that are looked at.
struct VerifiedRows {
    std::vector<std::size_t> sequences, heads, queries;
};

// All that are streamed where their cells are few; else first and last and some evenly in between.
VerifiedRows rows_to_verify(const LayerShape& shape);

template <class T>
class VerifySink : public Sink<T>, public JoiningSink<T> {
  public:
    // Tells the options of a layer's attention.
    using OptionsOf = std::function<AttentionOptions<T>(std::size_t layer)>;

    explicit VerifySink(OptionsOf options) : options_(std::move(options)) {}

    Needs needs() const override;
    void begin_layer(const LayerShape& shape) override;
    void consume(const Tile<T>& tile) override;
    void end_layer(const LayerOutputs<T>& outputs) override;
    void save_head(std::size_t sequence, std::size_t head, ByteWriter& to) const override;
    void restore_head(std::size_t sequence, std::size_t head, ByteReader& from) override;

    const Verification& result() const { return result_; }

  private:
    // The rows of one head, [queries, keys] or [queries, d_value].
    struct Head {
        std::vector<T> scores, weights, context;
    };

    // Its place among `heads_`; nothing: it is not looked at.
    std::optional<std::size_t> slot_of(std::size_t sequence, std::size_t head) const;
    void compare(const HeadPlace& place, const Head& seen, const DefinedHead<double>& defined,
                 const AttentionOptions<T>& options);

    OptionsOf options_;
    LayerShape shape_;
    VerifiedRows rows_;
    std::vector<Head> heads_;  // [sequences, heads] of those
    Verification result_;
};

}  // namespace attn::analysis
