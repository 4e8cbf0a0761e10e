// Shorter queries and keys, or values of low rank: the best that any method which cuts them could
// do (Eckart and Young 1936; Loki, Eigen Attention).
#pragma once

#include "attention/approx/shapes.hpp"
#include "core/matrix.hpp"

namespace attn::approx {

// Queries and keys of `rank` columns whose products are the best matrix of that rank for those of
// the head's; found without any matrix [queries, keys]. Options: rank.
ChangedInputs lowrank_scores(const Options& options, const HeadInput& head);

// The same without options; the first columns of a wider result are a narrower one.
ChangedInputs shortened(const HeadInput& head, std::size_t rank);

// Matrices [d_head, rank] that turn queries and keys into such short ones.
struct ShortProjections {
    Matrix<double> queries;
    Matrix<double> keys;
};
ShortProjections short_projections(const HeadInput& head, std::size_t rank);

// The best values of rank `rank` as coordinates [keys, rank] along directions [rank, d_value].
struct ShortValues {
    Matrix<double> coordinates;
    Matrix<double> directions;
};
ShortValues short_values(const HeadInput& head, std::size_t rank);

// The best values of rank `rank`. Options: rank.
ChangedInputs lowrank_values(const Options& options, const HeadInput& head);

}  // namespace attn::approx
