// Is this attention sane? A list of verdicts, each with the worst value and its place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/communicator.hpp"
#include "core/progress.hpp"
#include "results/check_report.hpp"
#include "source/attention_options.hpp"
#include "source/source_selection.hpp"

namespace attn::pipeline {

using results::CheckLine;
using results::CheckPlace;
using results::CheckResult;
using results::Verdict;

constexpr double kRowSumTolerance = 1e-3;

struct CheckRequest {
    source::SourceRequest from;
    source::AttentionRequest attention;  // of it only who may attend
    // How far a row may be from 1, a weight from 0 … 1. Without one kRowSumTolerance, and for sums
    // of what was rounded to 16 bits as much more as that may do.
    std::optional<double> atol;
    std::vector<std::string> only;  // names of checks; empty: all
    std::vector<std::string> skip;
    Communicator ranks = {};  // that check it together
};

// Names of all checks, errors first.
const std::vector<std::string>& check_names();

// Adds the meaning of the check that the line is of, and threshold and limit where it has none.
// `atol`: how far sums may be from 1.
void describe(CheckLine& line, double atol);

// Throws Error for a source that cannot be read, a mask that does not fit, an unknown name.
CheckResult check(const CheckRequest& request, const Progress& progress, const Warn& warn);

}  // namespace attn::pipeline
