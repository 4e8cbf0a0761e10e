// How large the errors of contexts are behind W_O, for every head and for all heads together.
#pragma once

#include <vector>

#include "attention/division.hpp"
#include "attention/projection.hpp"

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

// Which rank multiplies what, and so has it: a head alone, of all methods; all heads of a method;
// and the exact contexts.
struct ProductOwners {
    std::vector<std::size_t> heads;
    std::vector<std::size_t> methods;
    std::size_t exact = 0;
};

// A head goes through W_O where it was streamed in the first sequence.
ProductOwners own_products(const Division& division, std::size_t heads, std::size_t methods);

// Each rank measures what it owns of the contexts, and hears of the rest.
template <class T>
OutputSquares measure_outputs(const ContextErrors<T>& contexts, const Array<T>& W_O,
                              const ProductOwners& owners, const Communicator& ranks);

// W_O [heads * d_value, d_model], whatever order the file has.
template <class T>
Array<T> in_out_weights(const ProjectionWeights<T>& weights);

// Columns begin … begin + count - 1 of [batch, tokens, columns].
template <class T>
Array<T> columns_of(const std::vector<T>& values, const Shape& shape, std::size_t begin,
                    std::size_t count);

// Sums of squares of contexts [rows, heads * d_value] behind W_O, or of themselves where it is
// empty: of each head alone, and of all together.
template <class T>
std::vector<double> squares_of_heads(const std::vector<T>& contexts, std::size_t rows,
                                     std::size_t heads, const Array<T>& W_O);
template <class T>
double squares_of_all(const std::vector<T>& contexts, std::size_t rows, const Array<T>& W_O);

// Contexts [rows, columns] less the mean of each column over rows that have a key; the others, of
// zeros, stay.
template <class T>
std::vector<T> less_means(const std::vector<T>& contexts, std::size_t columns);

}  // namespace attn::analysis
