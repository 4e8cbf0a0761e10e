// Queries, keys and values as the plain computation of dense_attention.hpp makes them, with
// mistakes.
#pragma once

#include "analysis/dense_attention.hpp"

namespace attn::analysis {

struct DenseHeads {
    Heads<double> q, k, v;
};

// Projected, turned by their positions, behind those of the cache. Values only where the output is
// wanted.
DenseHeads make_dense_heads(const DenseInputs& in, const Mistakes& mistakes);

// A square matrix with rows for columns; any other as it is.
Array<double> transpose(const Array<double>& matrix);

}  // namespace attn::analysis
