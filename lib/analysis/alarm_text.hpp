// What an alarm says to a person.
#pragma once

#include <string>

#include "analysis/alarms.hpp"

namespace attn::analysis {

// One sentence without a full stop: "mean entropy of the heads is 0.0559 of the largest possible,
// below 0.1".
std::string alarm_message(const TrainingSeries& series, const AlarmRule& rule, const Alarm& alarm);

}  // namespace attn::analysis
