// Relevance of an encoder and a decoder to each other (Chefer et al. 2021, arXiv 2103.15679, rules
// 5 to 11): what the decoder reads of the encoder, told in the encoder's inputs.
#pragma once

#include "analysis/fused_layer.hpp"
#include "core/matrix.hpp"

namespace attn::analysis {

// Rule 8 and 9: I + (R - I) with rows divided by their sums, R square. A row without relevance but
// its own is that of the identity.
template <class T>
Matrix<T> normalised_relevance(const Matrix<T>& relevance);

// Rule 10: crossed [queries, encoder] += N(decoder)ᵀ * layer * N(encoder), where N is
// normalised_relevance, decoder [queries, queries], encoder_normalised = N(encoder)
// [encoder, encoder] and layer [queries, encoder] the cross-attention, fused without an identity.
template <class T>
void add_crossed_relevance(const Matrix<T>& decoder, const FusedLayer<T>& layer,
                           const Matrix<T>& encoder_normalised, Matrix<T>& crossed);

}  // namespace attn::analysis
