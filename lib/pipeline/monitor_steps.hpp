// The two kinds of steps that monitor reads: attention that was saved, and checkpoints through
// which the same input goes.
#pragma once

#include <functional>
#include <vector>

#include "io/inputs.hpp"
#include "pipeline/monitor.hpp"
#include "source/training_steps.hpp"

namespace attn::pipeline {

// The steps of the request, in their order. Reads names and headers only.
std::vector<source::TrainingStep> stored_steps(const MonitorRequest& request);
std::vector<source::TrainingStep> checkpoint_steps(const MonitorRequest& request);

// Is shown the series of the first step as soon as it is there, and may throw.
using AfterFirst = std::function<void(const analysis::TrainingSeries& series)>;

// Everything that is measured, one step at a time. T is float or double.
template <class T>
analysis::TrainingSeries measure_stored(const MonitorRequest& request,
                                        const std::vector<source::TrainingStep>& steps,
                                        const AfterFirst& after_first, const Progress& progress,
                                        const Warn& warn);
template <class T>
analysis::TrainingSeries measure_checkpoints(const MonitorRequest& request,
                                             const std::vector<source::TrainingStep>& steps,
                                             const AfterFirst& after_first,
                                             const Progress& progress, const Warn& warn);

// The widest type of the saved weights, or the one that was asked for.
DType type_of_steps(const MonitorRequest& request, const std::vector<source::TrainingStep>& steps);

// The progress of one step as part of all.
Progress progress_of_step(const Progress& progress, std::size_t step, std::size_t steps);

}  // namespace attn::pipeline
