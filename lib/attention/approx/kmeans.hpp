// Clusters of queries and keys (Routing Transformer, Roy et al. 2020): a query keeps the keys of
// its cluster.
#pragma once

#include <memory>
#include <vector>

#include "attention/approx/shapes.hpp"

namespace attn::approx {

// Spherical k-means on unit queries and keys together: the cluster of each query, then of each key.
// Options: clusters, iterations, seed.
std::vector<std::size_t> cluster_tokens(const Options& options, const HeadInput& head);

std::unique_ptr<KeptKeys> kmeans(const Options& options, const HeadInput& head);

}  // namespace attn::approx
