// How large the errors of contexts are behind W_O, for every head and for all heads together.
#pragma once

#include <vector>

#include "attention/projection.hpp"
#include "core/communicator.hpp"

namespace attn::analysis {

// Sums of squares.
struct OutputSquares {
    double exact = 0;            // of the layer's output
    std::vector<double> errors;  // [methods, heads and one more: all heads]
};

// Views of [sequences, queries, heads * d_value].
template <class T>
struct ContextErrors {
    const std::vector<T>& exact;
    const std::vector<std::vector<T>>& differences;  // of each method
    Shape shape;
    std::size_t heads;
};

// The products of all methods are dealt out among the ranks, which all have the same contexts.
template <class T>
OutputSquares measure_outputs(const ContextErrors<T>& contexts, const Array<T>& W_O,
                              const Communicator& ranks);

// W_O [heads * d_value, d_model], whatever order the file has.
template <class T>
Array<T> in_out_weights(const ProjectionWeights<T>& weights);

// Columns begin … begin + count - 1 of [batch, tokens, columns].
template <class T>
Array<T> columns_of(const std::vector<T>& values, const Shape& shape, std::size_t begin,
                    std::size_t count);

}  // namespace attn::analysis
