// What the steps of a training can tell: which measures are there, and which alarms have something
// to look at.
#pragma once

#include <string>

#include "analysis/alarms.hpp"
#include "analysis/training_series.hpp"

namespace attn::analysis {

// Why no step has the measure (of heads, layers or the model, by its name), and what would give it;
// empty where some step has it, and where no head is finite at any step. Unless the series is
// `complete`, only of measures that no later step will bring.
std::string why_not_measured(const TrainingSeries& series, const std::string& measure,
                             bool complete = true);

// The measure that the alarm looks at; empty where it looks at no single one.
std::string measure_of(const AlarmRule& rule);

// Why the alarm can hold at no step, or not for as many as its patience asks for; empty where it
// can. Where a number is not finite, patience is no reason. Unless the series is `complete`, only
// what no later step will change.
std::string why_never_raised(const TrainingSeries& series, const AlarmRule& rule,
                             bool complete = true);

}  // namespace attn::analysis
