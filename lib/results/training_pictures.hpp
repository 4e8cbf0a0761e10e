// The pictures of a training: a plot of each measure over the steps, and a strip of its heads.
#pragma once

#include <string>
#include <vector>

#include "io/output_folder.hpp"
#include "results/training_report.hpp"

namespace attn::results {

// What can be drawn: entropy_normalised, max_abs_score, score_range, sink, induction, saturation,
// effective_keys, change.
const std::vector<std::string>& training_plot_names();

struct TrainingPictureText {
    std::string source;
    std::string command;  // that draws the same again
};

// <measure>.png, a panel a layer and a line a head with thresholds and alarms, and
// strip-<measure>.png, a row a head and a column a step, of the measures in `names` that exist.
void write_training_pictures(const TrainingReport& report,
                             const std::vector<analysis::AlarmRule>& rules,
                             const std::vector<std::string>& names, const TrainingPictureText& text,
                             io::OutputFolder& folder);

}  // namespace attn::results
