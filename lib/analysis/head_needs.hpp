// How much of attention a head needs: the smallest window, number of keys, rank and bits that keep
// its error below a target, and a verdict on how it could be made cheaper.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/budget_errors.hpp"
#include "attention/approx/head_input.hpp"
#include "attention/approx/shapes.hpp"
#include "core/byte_text.hpp"
#include "core/matrix.hpp"

namespace attn::analysis {

struct NeedsTarget {
    NeedsMeasure measure = NeedsMeasure::context;
    double error = 0.05;
    // For `output`: what values are multiplied by, so that errors of contexts are those of outputs
    // (left singular vectors of W_O of the head times singular values), and the norm of the layer's
    // output.
    Matrix<double> through;  // [d_value, r]; empty: values as they are
    std::optional<double> norm;
    // ‖C_h W_O^h‖ / ‖Σ C_h W_O^h‖ where it is known.
    std::optional<double> output_share;
};

// Figures that no budget reaches, or that do not apply, have no value.
struct HeadNeeds {
    using Count = std::optional<std::size_t>;

    // The smallest window that holds a share of the mass; without the keys at 0.
    Count span_90, span_95, span_99, span_95_without_first;
    Count local;         // window
    Count local_sinks4;  // window, beside the first four keys
    Count topk;          // keys a row
    Count rank;          // of the weights, by their error
    Count rank_scores;   // columns of queries and keys
    Count keys;          // that stay of those a prompt leaves behind, chosen by what comes
    Count bits;          // of q, k and v
    std::optional<bool> prunable;
    std::string verdict;  // prune, local, sink+local, sparse, short, few keys, full

    // For pictures: mass by distance, with and without key 0, and singular values of the weights.
    std::vector<double> mass, mass_without_first, singular_values;
};

// For another process of the same program, and back.
void put_needs(const HeadNeeds& needs, ByteWriter& to);
void take_needs(HeadNeeds& needs, ByteReader& from);

// Exact attention of changed queries and keys under the head's mask and everything that is done to
// its scores; nothing where there are no queries and keys.
using RecomputeRows =
    std::function<std::unique_ptr<approx::ExactRows>(const approx::ChangedInputs&)>;

HeadNeeds find_needs(const approx::HeadInput& head, const NeedsTarget& target,
                     const RecomputeRows& recompute);

}  // namespace attn::analysis
