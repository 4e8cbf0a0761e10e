// Approximations of attention measured against the exact one, all methods of a run in one pass over
// its tiles. Memory: a few sums for each method, head and tile; nothing of queries x keys.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "analysis/approx_layer.hpp"
#include "analysis/approximation_error.hpp"
#include "analysis/head_needs.hpp"
#include "analysis/head_numbers.hpp"
#include "analysis/output_squares.hpp"
#include "attention/input_sink.hpp"
#include "attention/panels.hpp"
#include "attention/ranks_sink.hpp"

namespace attn::analysis {

// What one method does to one head.
struct HeadApproximation {
    std::size_t layer = 0;
    std::size_t sequence = 0;
    std::size_t head = 0;  // what it is called
    std::size_t method = 0;
    ErrorSums sums;
    ApproxMeasures measures;
};

// The errors of all heads of one layer and sequence that were streamed.
struct LayerApproximation {
    std::size_t layer = 0;
    std::size_t sequence = 0;
    std::size_t method = 0;
    ApproxMeasures measures;
    std::size_t worst_head = 0, min_head = 0;  // whose rows worst_row and kept_mass_min_row are
};

// What one head needs.
struct NeedsOfHead {
    std::size_t layer = 0;
    std::size_t sequence = 0;
    std::size_t head = 0;
    HeadNeeds needs;
};

// What exact attention costs, of all heads that were streamed.
struct ExactCost {
    std::uint64_t flops = 0;
    std::uint64_t bytes_standard = 0;
    std::uint64_t bytes_tiled = 0;
};

template <class T>
struct ApproxOptions {
    std::size_t top_keys = 8;
    std::uint64_t element_bytes = 4;
    std::optional<NeedsTarget> needs = std::nullopt;  // find what each head needs
    Array<T> values =
        {};  // of stored attention: [sequences, heads, keys, d_value]; empty: no contexts
    // The importance of (layer, sequence, head), for prune-heads:by=grad (Michel et al. 2019).
    HeadNumbers importance = {};
};

template <class T>
class ApproxSink : public Sink<T>, public InputSink<T>, public JoiningSink<T> {
  public:
    ApproxSink(std::vector<ApproxMethod> methods, ApproxOptions<T> options);
    ~ApproxSink() override;

    Needs needs() const override;
    void begin_projections(const ProjectionInputs<T>& projections) override;
    void begin_options(const AttentionOptions<T>& options) override;
    void begin_inputs(const LayerInputs<T>& inputs) override;
    void begin_division(const Division& division) override { division_ = division; }
    void begin_layer(const LayerShape& shape) override;
    void consume(const Tile<T>& tile) override;
    void end_head(std::size_t sequence, std::size_t head) override;
    bool remembers() const override { return true; }
    void save_head(std::size_t sequence, std::size_t head, ByteWriter& to) const override;
    void restore_head(std::size_t sequence, std::size_t head, ByteReader& from) override;
    void end_heads() override;
    void end_layer(const LayerOutputs<T>& outputs) override;

    const std::vector<ApproxMethod>& methods() const { return methods_; }
    // In the order of layers, sequences, methods, heads.
    const std::vector<HeadApproximation>& heads() const { return heads_; }
    const std::vector<LayerApproximation>& layers() const { return layers_; }
    const ExactCost& exact() const { return exact_; }
    // Singular values of the weights of heads(), in their order; empty where the method has none.
    const std::vector<std::vector<double>>& singular_values() const { return singular_values_; }
    // In the order of layers, sequences, heads.
    const std::vector<NeedsOfHead>& needs_found() const { return needs_found_; }

  private:
    bool has_contexts() const { return inputs_.task || !options_.values.empty(); }
    bool has_output() const { return projections_ && !projections_->weights->W_O.empty(); }
    bool drops_heads() const;
    bool keeps_contexts() const;
    // The width of values.
    std::size_t width() const {
        return inputs_.task || options_.values.empty() ? shape_.d_value : options_.values.extent(3);
    }
    approx::CostInputs cost_inputs(std::size_t sequence, const ErrorSums& sums) const;
    void add_costs(std::size_t slot, std::size_t sequence, std::size_t method,
                   HeadApproximation& head) const;
    ExactCost exact_cost_of(std::size_t slot, std::size_t sequence) const;
    std::vector<double> output_squares(std::size_t sequence, const Array<T>& W_O,
                                       double& all) const;
    std::vector<T> contexts_of(std::size_t sequence) const;
    Array<T> output_matrix() const;
    std::vector<std::size_t> dropped_heads(std::size_t sequence, const ApproxMethod& method,
                                           const std::vector<double>& squares) const;
    void drop_heads(std::size_t sequence, const Array<T>& W_O);
    void keep_head(std::size_t sequence, std::size_t head, std::size_t method);
    void find_all_needs(const Array<T>& W_O);
    NeedsOfHead needs_of_head(std::size_t sequence, std::size_t head, const Array<T>& W_O,
                              double squares, double all) const;
    void tell_outputs();
    // Where a row of a head begins in contexts_, and in each of differences_.
    std::size_t row_of(std::size_t sequence, std::size_t head, std::size_t query) const {
        return ((sequence * shape_.queries + query) * shape_.heads + head) * width();
    }

    std::vector<ApproxMethod> methods_;
    ApproxOptions<T> options_;
    std::optional<ProjectionInputs<T>> projections_;
    AttentionOptions<T> attention_;
    LayerInputs<T> inputs_;
    Division division_;
    LayerShape shape_;
    std::unique_ptr<ApproxLayer<T>> layer_;
    std::unique_ptr<Panels<T>> values_;  // of stored attention
    // One for each slot, method and block.
    std::vector<ErrorSums> blocks_;
    std::vector<HeadApproximation> slots_;  // of each slot and method
    std::vector<ExactCost> exact_slots_;
    // [sequences, queries, heads * width()], where W_O or dropped heads want to know: the exact
    // contexts; and, for W_O, how far those of each method are from them. Of heads that were
    // streamed elsewhere only what is multiplied here.
    std::vector<T> contexts_;
    std::vector<std::vector<T>> differences_;
    OutputSquares outputs_;
    std::vector<double> mean_errors_;               // of each sequence and method
    std::vector<std::vector<double>> slot_values_;  // singular ones, of each slot and method
    std::vector<HeadApproximation> heads_;
    std::vector<std::vector<double>> singular_values_;
    std::vector<LayerApproximation> layers_;
    ExactCost exact_;
    std::vector<NeedsOfHead> needs_found_;
};

}  // namespace attn::analysis
