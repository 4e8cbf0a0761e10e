// The numbers that say how gradients pass a head, and what they are called everywhere.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "attention/gradient_sink.hpp"

namespace attn::analysis {

// NaN: does not exist for this head.
struct HeadGradientStats {
    static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

    std::size_t layer = 0;
    std::size_t sequence = 0;
    std::size_t head = 0;

    // Frobenius norms of the gradients of contexts, of weights that may be attended, of scores as
    // softmax saw them, of rotated queries, and of the head's own part of those of keys and values.
    double grad_context = kNone, grad_weights = kNone, grad_scores = kNone;
    double grad_q = kNone, grad_k = kNone, grad_v = kNone;
    double softmax_gain = kNone;  // grad_scores / grad_weights, at most 1/2
    // Means over the rows that have a key and two places, of which a sink is one; see jacobian.hpp.
    double jacobian_norm = kNone, jacobian_trace = kNone, jacobian_spectral = kNone;
    double vanishing_rows = kNone;  // share of these rows with ‖J‖ below 1e-3
    double saturation = kNone;      // share of rows with a weight above 0.999
    double importance = kNone;      // abs(Σ context * its gradient) (Michel et al. 2019)
};

// Whether any of its gradients is NaN or infinite.
bool is_nonfinite(const HeadGradientStats& head);

struct GradientMeasure {
    const char* name;
    double HeadGradientStats::*value;
    const char* meaning;
};

// In the order of tables and JSON.
const std::vector<GradientMeasure>& gradient_measures();

// Measures every head that streams by, in memory that grows with the queries only.
template <class T>
class HeadGradientSink : public GradientSink<T> {
  public:
    // `spectral`: also the largest eigenvalues.
    explicit HeadGradientSink(bool spectral);
    ~HeadGradientSink() override;

    void begin_layer(const LayerShape& shape) override;
    void consume(const GradientTile<T>& tile) override;
    void end_head(std::size_t sequence, std::size_t head, const HeadGradients& own) override;
    void save_head(std::size_t sequence, std::size_t head, ByteWriter& to) const override;
    void restore_head(std::size_t sequence, std::size_t head, ByteReader& from) override;

    // The measures of the last layer, in the order of sequences and heads.
    const std::vector<HeadGradientStats>& heads() const { return heads_; }

    // What must hold of any gradients and does not, in words; empty when all is well. Gradients of
    // scores sum to 0 in each row without a sink, and Σ weights * their gradients is Σ context *
    // its gradient.
    const std::string& violation() const { return violation_; }

  private:
    struct Rows;

    bool spectral_;
    LayerShape shape_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Rows>> rows_;  // of the heads that stream by now
    std::vector<HeadGradientStats> heads_;
    std::string violation_;
    std::size_t violated_slot_ = 0;

    Rows& rows_of(std::size_t slot);
    void take_violation(std::size_t slot, const std::string& text);
};

}  // namespace attn::analysis
