// What the array of diagnose --observed is, by its axes and its numbers: weights, scores or an
// output, of all heads and rows or of some.
#pragma once

#include <cstddef>

#include "analysis/observation.hpp"
#include "core/warn.hpp"
#include "io/inputs.hpp"
#include "pipeline/diagnose.hpp"
#include "source/computed_inputs.hpp"

namespace attn::pipeline {

// The observation of one layer, in single precision unless the file has more. `warn` is told where
// it is read as the mean of the heads, or as the largest numbers of each row. Throws Error that
// names --observed for an array of another shape than layer, heads and rows have.
analysis::Observation observe(const DiagnoseRequest& request,
                              const source::ComputedInputs<double>& loaded, std::size_t layer,
                              io::Inputs& inputs, const Warn& warn);

// Whether there is one for each of several layers.
bool holds_all_layers(const DiagnoseRequest& request, const source::ComputedInputs<double>& loaded,
                      io::Inputs& inputs);

}  // namespace attn::pipeline
