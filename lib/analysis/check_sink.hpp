// Looks at every cell of attention for what must not be: values that are not finite or no
// probabilities, rows that do not sum to one, weight where none is allowed.
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "analysis/zero_pattern.hpp"
#include "attention/mask.hpp"
#include "attention/ranks_sink.hpp"

namespace attn::analysis {

// Why a cell must be zero.
enum class Ban { causal, mask, padding, window };
constexpr std::size_t kBans = 4;

// The largest offence that was seen, and where; the first of equals.
struct Worst {
    double value = 0;  // 0: none
    std::size_t query = 0;
    std::size_t key = 0;

    void see(double offence, std::size_t at_query, std::size_t at_key) {
        if (offence > value) *this = {offence, at_query, at_key};
    }
};

// The smallest and the largest of some values.
struct Extent {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    void see(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
};

// Whether some values are all the same.
class Sameness {
  public:
    void see(double value) {
        if (!first_) first_ = value;
        differ_ = differ_ || *first_ != value;
    }
    void see(const Sameness& values) {
        if (values.first_) see(*values.first_);
        differ_ = differ_ || values.differ_;
    }
    bool seen() const { return first_.has_value(); }
    bool all_same() const { return seen() && !differ_; }
    double value() const { return *first_; }

  private:
    std::optional<double> first_;
    bool differ_ = false;
};

// What of a head needs no memory beside its own.
struct HeadCounts {
    std::size_t layer = 0;
    std::size_t sequence = 0;
    std::size_t place = 0;  // of the head in the array

    Worst not_finite;      // 1 for the first cell that is NaN or infinite
    Worst minus_infinite;  // 1 for the first cell that is -inf
    Worst below_zero;
    Worst above_one;
    Worst largest;             // weight
    Worst row_sum;             // distance from 1; for a row without allowed keys from 0
    double row_sum_found = 1;  // the sum itself
    Extent sums;               // of rows; like row_sum of those that are finite
    std::array<Worst, kBans> leaks;

    double cells = 0, negative_cells = 0, broken_cells = 0;  // broken: not finite
    double rows = 0, far_rows = 0;  // rows with keys; those whose sum is off by more than 0.5
    double off_rows = 0;            // those that have weights, and whose sum is off by 0.01
    double odd_rows = 0;            // the same, with those of no weight and of negative ones
    double allowed_weight = 0, forbidden_weight = 0;  // summed up over all rows

    // Only where a mask forbids has the head any weight.
    bool is_inverted() const {
        return forbidden_weight > 0.5 && allowed_weight <= 1e-6 * forbidden_weight;
    }
    // Over rows that may choose between two keys or more.
    double choosing_rows = 0, saturated_rows = 0;
    double least_entropy = 2;  // of entropy / ln(keys that may be or are attended); 1 is uniform
    double least_largest = 2;  // the smallest of the largest weights
    bool one_key = true;       // all of those rows have their largest weight on one key

    Sameness values;  // finite ones that may be attended
    Sameness scores;  // likewise, where the tiles carry scores

    // The place of an earlier head of the layer that has the same weights in a sample of rows; only
    // where CheckOptions says that they stream by.
    std::optional<std::size_t> twin;
};

struct HeadCheck : HeadCounts {
    ZeroPattern zeros;
};

struct CheckOptions {
    std::map<std::size_t, std::size_t> window_left;  // of layers whose window is another
    // The weights cannot be looked at again: heads that are the same are found by a sample of their
    // rows, and the scores are asked for.
    bool passing = false;
};

template <class T>
class CheckSink : public Sink<T>, public JoiningSink<T> {
  public:
    // T is float or double. Judges by the mask, whatever the tiles say about who may attend.
    explicit CheckSink(const MaskOptions<T>& mask, CheckOptions options = {});
    ~CheckSink() override;

    Needs needs() const override;
    void begin_layer(const LayerShape& shape) override;
    void consume(const Tile<T>& tile) override;
    void end_head(std::size_t sequence, std::size_t head) override;
    void end_layer(const LayerOutputs<T>& outputs) override;
    bool takes_rows() const override { return true; }
    void save_rows(const RowPiece& piece, ByteWriter& to) const override;
    void restore_rows(const RowPiece& piece, ByteReader& from) override;
    bool remembers() const override { return true; }
    void save_head(std::size_t sequence, std::size_t head, ByteWriter& to) const override;
    void restore_head(std::size_t sequence, std::size_t head, ByteReader& from) override;

    // In the order of layers, sequences and heads.
    const std::vector<HeadCheck>& heads() const { return results_; }

  private:
    struct RowCheck;
    struct SeenKeys;
    struct HeadRows;

    MaskOptions<T> mask_options_;
    CheckOptions options_;
    LayerShape shape_;
    std::optional<Mask<T>> mask_;  // of this layer
    std::mutex mutex_;
    std::vector<std::unique_ptr<HeadRows>> heads_;  // those that stream by now
    std::vector<HeadCheck> results_;
    std::size_t first_result_ = 0;  // of this layer
    std::vector<std::size_t> sampled_rows_;
    std::vector<std::vector<T>> samples_;  // of each head of this layer: its sampled rows

    HeadRows& rows_of(std::size_t slot);
    // The place in a sample of each sampled row that lies in the piece.
    std::vector<std::size_t> sampled_in(const RowPiece& piece) const;
    KeyRange allowed_in(const Tile<T>& tile) const;
    void check_row(const Tile<T>& tile, std::size_t row, bool sane, RowCheck& check,
                   SeenKeys& keys) const;
    void sample(const Tile<T>& tile);
    std::vector<std::uint8_t> masked_keys(const Tile<T>& tile, std::size_t row) const;
    bool check_sane_row(const Tile<T>& tile, std::size_t row, RowCheck& check) const;
    void check_cells(const Tile<T>& tile, std::size_t row, const std::vector<std::uint8_t>& masked,
                     RowCheck& check) const;
    void check_scores(const Tile<T>& tile, std::size_t row, RowCheck& check) const;
    Ban ban_of(std::size_t sequence, std::size_t query, std::size_t key, bool masked) const;
};

}  // namespace attn::analysis
