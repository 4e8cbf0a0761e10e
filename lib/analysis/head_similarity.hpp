// How alike the heads of a layer are: Jensen-Shannon divergence between their rows, groups of heads
// that do the same.
#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "core/array.hpp"

namespace attn::analysis {

struct HeadSimilarity {
    // Mean over the rows of JS(p, q) / ln 2, from 0 (the same) to 1 (no key in common), [heads,
    // heads]; JS(p, q) = H((p + q) / 2) - (H(p) + H(q)) / 2 (Clark et al. 2019, without their
    // smoothing).
    Array<double> divergence;
    std::vector<std::pair<std::size_t, std::size_t>> redundant;  // pairs below kRedundant
    std::vector<std::vector<std::size_t>> clusters;              // of two heads or more
    std::vector<std::array<double, 2>>
        positions;  // in a plane, as far apart as the divergence says

    static constexpr double kRedundant = 0.01;
};

// Compares the weights [queries, keys] of each head, all of one shape; T is float or double.
// Clusters are joined by average linkage while their mean divergence is below the threshold. Rows
// where neither head has a weight are left out; one without weights has no key in common with
// another. Of a head with a NaN all divergences are NaN, and it is like none.
template <class T>
HeadSimilarity compare_heads(const std::vector<MatrixView<const T>>& weights, double threshold);

// Groups of indices, from a symmetric matrix of distances [n, n]; groups of one are left out.
std::vector<std::vector<std::size_t>> cluster(const Array<double>& distances, double threshold);

}  // namespace attn::analysis
