// The weights that methods imply, whole and head by head, for whoever draws them. Memory: two
// matrices [queries, keys] for each head that ends at the same time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "analysis/approx_layer.hpp"
#include "attention/input_sink.hpp"
#include "attention/ranks_sink.hpp"

namespace attn::analysis {

// One head of one method. Views are valid only during the call that hands it out.
struct ImpliedHead {
    std::size_t layer = 0, sequence = 0, head = 0;  // what they are called
    std::size_t method = 0;
    MatrixView<const double> exact, implied;  // [queries, keys], 0 where masked
    MatrixView<const double> context;         // [queries, d_value]; empty where nobody has values
    bool keeps;                               // the method keeps keys
    // [queries, keys]: 1 where the query may attend, and where the method keeps the key; methods
    // that keep no rows keep all.
    const std::vector<std::uint8_t>& allowed;
    const std::vector<std::uint8_t>& kept;
};

template <class T>
class ImpliedSink : public Sink<T>, public InputSink<T>, public JoiningSink<T> {
  public:
    // `take` is called from several threads, but never for methods of exact attention and heads
    // that are dropped whole.
    // `values` are those of stored attention [sequences, heads, keys, d_value], or empty.
    ImpliedSink(std::vector<ApproxMethod> methods, std::function<void(const ImpliedHead&)> take,
                Array<T> values = {});
    ~ImpliedSink() override;

    Needs needs() const override { return needs_projections(); }
    void begin_projections(const ProjectionInputs<T>& projections) override;
    void begin_options(const AttentionOptions<T>& options) override { options_ = options; }
    void begin_inputs(const LayerInputs<T>& inputs) override { inputs_ = inputs; }
    void begin_division(const Division& division) override { division_ = division; }
    void begin_layer(const LayerShape& shape) override;
    void consume(const Tile<T>&) override {}
    void end_head(std::size_t sequence, std::size_t head) override;
    void end_layer(const LayerOutputs<T>&) override;

  private:
    struct Matrices;
    Matrix<double> context_of(std::size_t sequence, std::size_t head, std::size_t method,
                              const Matrix<double>& implied, const HeldHead& held) const;
    bool imply(std::size_t sequence, std::size_t head, std::size_t method,
               const approx::HeadInput& input, Matrices& to) const;

    std::vector<ApproxMethod> methods_;
    std::function<void(const ImpliedHead&)> take_;
    Array<T> values_;
    std::optional<ProjectionInputs<T>> projections_;
    AttentionOptions<T> options_;
    LayerInputs<T> inputs_;
    Division division_;
    LayerShape shape_;
    std::unique_ptr<ApproxLayer<T>> layer_;
};

}  // namespace attn::analysis
