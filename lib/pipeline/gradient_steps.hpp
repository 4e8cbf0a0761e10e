// monitor --grad: how gradients pass the checkpoints of a training, step by step.
#pragma once

#include <vector>

#include "pipeline/monitor.hpp"
#include "source/training_steps.hpp"

namespace attn::pipeline {

// Adds the gradients of every step to series that have all steps: those of heads (means over the
// sequences), of layers and of the model, as grad finds them. Gradients that are not finite are
// kept as such. `progress` is told of each step. Throws Error for an upstream that does not fit.
void add_step_gradients(const MonitorRequest& request,
                        const std::vector<source::TrainingStep>& steps,
                        analysis::TrainingSeries& series, const Progress& progress);

}  // namespace attn::pipeline
