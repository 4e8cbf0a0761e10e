// Projection matrices made cheaper before anything is projected: small entries dropped, or entries
// in a few bits.
#pragma once

#include "attention/approx/shapes.hpp"
#include "core/matrix.hpp"

namespace attn::approx {

// The floor(share * size) entries of the smallest magnitude become 0; ties by the lower flat index.
// Options: share.
void prune_weights(const Options& options, Matrix<double>& weights);

// Symmetric integers, or nf4, with one scale a column (output channel), or for each `group` rows of
// it. Options: bits, kind, group (0: all rows).
void quantise_weights(const Options& options, Matrix<double>& weights);

}  // namespace attn::approx
