#include "analysis/flow.hpp"

#include <lemon/preflow.h>
#include <lemon/static_graph.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "core/parallel.hpp"

namespace attn::analysis {
namespace {

double in_units(std::int64_t flow) {
    return static_cast<double>(flow) / static_cast<double>(kFlowUnits);
}

}  // namespace

template <class T>
void FlowGraph::add_layer(const FusedLayer<T>& layer) {
    assert(layer.queries() == tokens_ && layer.keys() == tokens_);
    const std::size_t below = layers_ * tokens_;
    const std::size_t above = below + tokens_;
    const bool bottom = layers_ == 0;
    leaving_.assign(tokens_, 0);
    if (bottom) entering_.assign(tokens_, 0);
    std::vector<T> row(tokens_);
    for (std::size_t query = 0; query < tokens_; ++query) {
        layer.rows(query, 1, row.data());
        for (std::size_t key = 0; key < tokens_; ++key) {
            const double cell = static_cast<double>(row[key]) * static_cast<double>(kFlowUnits);
            const auto capacity = static_cast<std::int64_t>(std::llround(cell));
            if (capacity <= 0) continue;
            from_.push_back(static_cast<std::int32_t>(above + query));
            to_.push_back(static_cast<std::int32_t>(below + key));
            capacities_.push_back(capacity);
            leaving_[query] += capacity;
            if (bottom) entering_[key] += capacity;
        }
    }
    ++layers_;
}

double FlowGraph::bound(std::size_t target, std::size_t source) const {
    return in_units(std::min(leaving_[target], entering_[source]));
}

Matrix<double> FlowGraph::flows(const std::vector<std::size_t>& targets,
                                const std::vector<std::size_t>& sources) const {
    using Graph = lemon::StaticDigraph;
    using Capacities = Graph::ArcMap<std::int64_t>;
    // The graph wants its pipes in the order of the nodes that they leave, which are those of the
    // layers and their rows already.
    std::vector<std::pair<int, int>> pipes(from_.size());
    for (std::size_t i = 0; i < pipes.size(); ++i) pipes[i] = {from_[i], to_[i]};
    Graph graph;
    graph.build(static_cast<int>((layers_ + 1) * tokens_), pipes.begin(), pipes.end());
    Capacities capacities(graph);
    for (std::size_t i = 0; i < pipes.size(); ++i)
        capacities[graph.arc(static_cast<int>(i))] = capacities_[i];

    Matrix<double> flows(targets.size(), sources.size());
    const std::size_t top = layers_ * tokens_;
    parallel_for(flows.values.size(), [&](std::size_t pair) {
        const std::size_t target = targets[pair / sources.size()];
        const std::size_t source = sources[pair % sources.size()];
        // Nothing leaves an input, so that the others are closed by themselves.
        lemon::Preflow<Graph, Capacities> flow(graph, capacities,
                                               graph.node(static_cast<int>(top + target)),
                                               graph.node(static_cast<int>(source)));
        flow.runMinCut();
        flows.values[pair] = in_units(flow.flowValue());
    });
    return flows;
}

template void FlowGraph::add_layer(const FusedLayer<float>&);
template void FlowGraph::add_layer(const FusedLayer<double>&);

}  // namespace attn::analysis
