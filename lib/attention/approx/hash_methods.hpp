// The methods that work by hashes and clusters of queries and keys: lsh, kmeans, hyper.
#pragma once

#include <vector>

#include "attention/approx/method.hpp"

namespace attn::approx {

// One row each, for the table of methods().
std::vector<MethodRow> hash_methods();

}  // namespace attn::approx
