// Attention flow (Abnar & Zuidema 2020): how much can get from a token at the top to an input
// token, if the cells of every layer are the capacities of pipes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/fused_layer.hpp"
#include "core/matrix.hpp"

namespace attn::analysis {

// Capacities and flows are whole numbers, this many to one: every algorithm ends, and gives the
// same bits everywhere.
constexpr std::int64_t kFlowUnits = std::int64_t{1} << 50;

// The layers as pipes from node (l + 1, query) to node (l, key). Built layer by layer, from the
// bottom up.
class FlowGraph {
  public:
    explicit FlowGraph(std::size_t tokens) : tokens_(tokens) {}

    // Puts a layer [tokens, tokens] on top. T is float or double.
    template <class T>
    void add_layer(const FusedLayer<T>& layer);

    std::size_t tokens() const { return tokens_; }
    std::size_t layers() const { return layers_; }
    std::size_t pipes() const { return from_.size(); }

    // [targets, sources], the largest flow from each target at the top to each input token, the
    // other inputs closed, in units of one. Needs a layer.
    Matrix<double> flows(const std::vector<std::size_t>& targets,
                         const std::vector<std::size_t>& sources) const;

    // What a flow can be at most whatever lies between: the smaller of what leaves the target and
    // of what enters the source.
    double bound(std::size_t target, std::size_t source) const;

  private:
    std::size_t tokens_;
    std::size_t layers_ = 0;
    // The ends of each pipe; nodes are numbered from the inputs, those of a layer in a row.
    std::vector<std::int32_t> from_;
    std::vector<std::int32_t> to_;
    std::vector<std::int64_t> capacities_;
    std::vector<std::int64_t> entering_;  // sums of the columns of the bottom layer
    std::vector<std::int64_t> leaving_;   // sums of the rows of the top layer
};

}  // namespace attn::analysis
