// What the plain computation of a diagnosis needs of one layer of a source, and of those around it.
#pragma once

#include <cstddef>

#include "analysis/dense_attention.hpp"
#include "attention/sink.hpp"
#include "source/computed_inputs.hpp"

namespace attn::pipeline {

// The inputs of the layer itself, while what it reads is there. All arguments are kept by pointer.
analysis::DenseInputs dense_inputs(const LayerOutputs<double>& layer,
                                   const source::ComputedInputs<double>& loaded,
                                   const AttentionOptions<double>& options);

// What the layers before and behind it give, each computed from `files` when it is asked for.
// `request`: that of the source. Keeps `files`.
void add_other_layers(analysis::DenseInputs& dense, const LayerOutputs<double>& layer,
                      const source::ComputedInputs<double>& loaded, source::ComputedRequest request,
                      io::Inputs& files);

}  // namespace attn::pipeline
