// The same attention over training: series of measures, alarms, pictures.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/alarms.hpp"
#include "core/communicator.hpp"
#include "core/progress.hpp"
#include "core/warn.hpp"
#include "io/output_guard.hpp"
#include "results/training_report.hpp"
#include "source/computed_request.hpp"
#include "source/source_selection.hpp"
#include "source/upstream.hpp"

namespace attn::pipeline {

struct MonitorRequest {
    std::vector<std::string> sources;      // saved attention, or a folder of such
    std::vector<std::string> checkpoints;  // instead: weights through which one input goes
    source::SourceRequest from;            // of sources: all but which they are
    source::ComputedRequest input;         // of checkpoints: all but the weights
    std::string steps;                     // "0,100,2k"; empty: from the names
    bool steps_axis = false;               // the first axis of the one source are the steps
    bool per_sequence = false;
    std::optional<source::Upstream> upstream;  // of checkpoints: also their gradients
    std::vector<analysis::AlarmRule> rules = analysis::alarm_rules();
    std::vector<std::string> changed;  // names of those that were changed by hand
    std::vector<std::string> only;     // names of alarms; empty: all
    std::vector<std::string> skip;
    bool strict = false;
    // Names of measures; all that there are where nobody named any.
    std::optional<std::vector<std::string>> plots;
    std::string output;  // folder; empty: none
    io::OutputPolicy policy;
    std::string command;      // the line, for pictures
    Communicator ranks = {};  // that measure each step together
};

struct MonitorResult {
    results::TrainingReport report;
    std::vector<std::string> files;  // that were written
};

// Throws Error for what cannot be read, steps that do not fit each other, names of steps without a
// number, and alarms and plots that were asked for by name and that these steps cannot give; then
// nothing is written.
MonitorResult monitor(const MonitorRequest& request, const Progress& progress, const Warn& warn);

}  // namespace attn::pipeline
