// rollout --method flow: the flow through the layers from the chosen inputs to the chosen targets.
#pragma once

#include <cstddef>
#include <vector>

#include "core/matrix.hpp"
#include "core/warn.hpp"
#include "pipeline/rollout_request.hpp"
#include "pipeline/rollout_stack.hpp"
#include "results/rollout_json.hpp"

namespace attn::pipeline {

template <class T>
class RolloutFlow {
  public:
    // `targets` and `sources` are tokens. All three must outlive it.
    RolloutFlow(const RolloutRequest& request, const std::vector<std::size_t>& targets,
                const std::vector<std::size_t>& sources)
        : request_(request), targets_(targets), sources_(sources) {}

    // [targets, sources] of one of so many sequences; rows that flow are divided by their sums
    // where the request says so. Throws Error where nobody chose targets and all would take long.
    Matrix<T> rows(const RolloutStack<T>& stack, std::size_t sequence, std::size_t sequences);

    // How many of the flows of all ranks were at a bound that the layers between have no part in,
    // with a warning where it is most of them.
    void summarise(results::RolloutSummary& summary, const Warn& warn) const;

  private:
    void require_patience(const RolloutStack<T>& stack, std::size_t pipes,
                          std::size_t sequences) const;

    const RolloutRequest& request_;
    const std::vector<std::size_t>& targets_;
    const std::vector<std::size_t>& sources_;
    double pairs_ = 0;    // flows, and
    double limited_ = 0;  // those at their trivial bound
};

}  // namespace attn::pipeline
