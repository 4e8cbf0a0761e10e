// Rollout of attention while it is computed: no matrix of a layer is ever held.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "analysis/rollout_options.hpp"
#include "analysis/rollout_sink.hpp"
#include "core/matrix.hpp"
#include "core/progress.hpp"
#include "pipeline/rollout_request.hpp"
#include "source/computed_source.hpp"

namespace attn::pipeline {

// Whether rows or columns of the product are all that is asked for, of so many tokens, so that they
// can be made block by block: not for heads that are kept apart, for products up to each layer, for
// what is discarded from whole matrices, beside an encoder, and for a baseline, which looks at the
// weights again.
bool rolls_by_blocks(const RolloutRequest& request, std::size_t tokens);

template <class T>
class StreamedRollout {
  public:
    // `layers` take part, their `heads` are fused with the shares of each layer; without shares
    // all alike.
    StreamedRollout(std::shared_ptr<const source::ComputedSource<T>> source, std::string name,
                    std::vector<std::size_t> layers, std::vector<std::size_t> heads,
                    const std::vector<std::vector<double>>& shares);

    // From the bottom up, in one pass that keeps nothing: columns [tokens, sources] of each of the
    // sequences.
    std::map<std::size_t, Matrix<T>> sources(const std::vector<std::size_t>& numbers,
                                             const analysis::RolloutOptions& options,
                                             const std::vector<std::size_t>& sequences,
                                             const Progress& progress) const;

    // From the top down: rows [targets, tokens]. A pass before it keeps what each layer reads;
    // throws Error where that is larger than the memory.
    std::map<std::size_t, Matrix<T>> targets(const std::vector<std::size_t>& numbers,
                                             const analysis::RolloutOptions& options,
                                             const std::vector<std::size_t>& sequences,
                                             const Progress& progress) const;

  private:
    std::map<std::size_t, Array<T>> layer_inputs(const Progress& progress) const;
    Share share_of(const std::vector<std::size_t>& layers,
                   const std::vector<std::size_t>& sequences) const;

    std::shared_ptr<const source::ComputedSource<T>> source_;
    std::string name_;
    std::vector<std::size_t> layers_;
    std::vector<std::size_t> heads_;
    analysis::RolloutLayers<T> of_layers_;
};

}  // namespace attn::pipeline
