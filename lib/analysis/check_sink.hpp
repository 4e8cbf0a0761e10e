// Looks at every cell of stored attention for what must not be: values that are not finite or no
// probabilities, rows that do not sum to one, weight where none is allowed.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <vector>

#include "attention/mask.hpp"
#include "attention/sink.hpp"

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

struct HeadCheck {
    std::size_t layer = 0;
    std::size_t sequence = 0;
    std::size_t place = 0;  // of the head in the array

    Worst not_finite;      // 1 for the first cell that is NaN or infinite
    Worst minus_infinite;  // 1 for the first cell that is -inf
    Worst below_zero;
    Worst above_one;
    Worst row_sum;             // distance from 1; for a row without allowed keys from 0
    double row_sum_found = 1;  // the sum itself
    std::array<Worst, kBans> leaks;

    double cells = 0, negative_cells = 0;
    double rows = 0, far_rows = 0;  // rows with keys; those whose sum is off by more than 0.5
    // Over rows that may choose between two keys or more.
    double choosing_rows = 0, saturated_rows = 0;
    double least_entropy = 2;  // of entropy / ln(keys); 1 is uniform
    double least_largest = 2;  // the smallest of the largest weights
    bool one_key = true;       // all of those rows have their largest weight on one key
};

class CheckSink : public Sink<float> {
  public:
    // Judges by the mask, whatever the tiles say about who may attend.
    explicit CheckSink(const MaskOptions<float>& mask);
    ~CheckSink() override;

    void begin_layer(const LayerShape& shape) override;
    void consume(const Tile<float>& tile) override;
    void end_head(std::size_t sequence, std::size_t head) override;

    // In the order of layers, sequences and heads.
    const std::vector<HeadCheck>& heads() const { return results_; }

  private:
    struct RowCheck;

    MaskOptions<float> options_;
    LayerShape shape_;
    std::mutex mutex_;
    std::vector<std::vector<RowCheck>> rows_;  // of the heads that stream by now
    std::vector<HeadCheck> results_;
    std::size_t first_result_ = 0;  // of this layer

    RowCheck check_row(const Tile<float>& tile, std::size_t row) const;
    Ban ban_of(std::size_t sequence, std::ptrdiff_t position, std::size_t key, bool masked) const;
};

}  // namespace attn::analysis
