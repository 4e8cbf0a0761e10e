#include "pipeline/rollout_flow.hpp"

#include <cmath>

#include "analysis/flow.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/word_list.hpp"
#include "pipeline/rollout_words.hpp"

namespace attn::pipeline {
namespace {

// Nobody waits longer for a flow without having asked for its targets.
constexpr double kLongFlowSeconds = 600;
constexpr double kMostPipes = 20e6;

// Above it the layers between the first and the last do not matter.
constexpr double kSaturatedFlow = 0.5;

}  // namespace

template <class T>
Matrix<T> RolloutFlow<T>::rows(const RolloutStack<T>& stack, std::size_t sequence,
                               std::size_t sequences) {
    analysis::FlowGraph graph(stack.keys());
    const analysis::RolloutOptions options = request_.options();
    for (std::size_t place = 0; place < stack.layers(); ++place) {
        graph.add_layer(analysis::FusedLayer<T>(stack.layer(place, sequence), options));
        stack.forget(place);
    }
    require_patience(stack, graph.pipes(), sequences);
    const Matrix<double> flows = graph.flows(targets_, sources_);
    Matrix<T> rows(flows.rows, flows.columns);
    for (std::size_t target = 0; target < flows.rows; ++target) {
        double sum = 0;
        for (std::size_t source = 0; source < flows.columns; ++source) {
            const double flow = flows.row(target)[source];
            sum += flow;
            limited_ += flow >= graph.bound(targets_[target], sources_[source]) - 1e-9;
            pairs_ += 1;
        }
        const double divisor = request_.normalise && sum > 0 ? sum : 1;
        for (std::size_t source = 0; source < flows.columns; ++source)
            rows.row(target)[source] = static_cast<T>(flows.row(target)[source] / divisor);
    }
    return rows;
}

// A pair takes some 1e-7 s a pipe (measured, 12 layers of 128 to 512 tokens).
template <class T>
void RolloutFlow<T>::require_patience(const RolloutStack<T>& stack, std::size_t pipes,
                                      std::size_t sequences) const {
    if (request_.targets || request_.last_target) return;
    const auto work = static_cast<double>(targets_.size() * sources_.size() * sequences);
    const double seconds =
        1.3e-7 * work * static_cast<double>(pipes) / static_cast<double>(available_threads());
    if (seconds < kLongFlowSeconds && static_cast<double>(pipes) <= kMostPipes) return;
    fail(stack.name, ": the flow through ", counted(pipes, "weight"), " would take about ",
         std::ceil(seconds / 60), " minutes; name the --targets that it is wanted for");
}

template <class T>
void RolloutFlow<T>::summarise(results::RolloutSummary& summary, const Warn& warn) const {
    summary.flow_saturation = request_.ranks.sum(limited_) / request_.ranks.sum(pairs_);
    if (*summary.flow_saturation <= kSaturatedFlow) return;
    summary.warnings.push_back("flow is limited by the first and last layer alone (saturation " +
                               short_number(*summary.flow_saturation) +
                               "): the weights between them do not matter");
    warn(summary.warnings.back());
}

template class RolloutFlow<float>;
template class RolloutFlow<double>;

}  // namespace attn::pipeline
