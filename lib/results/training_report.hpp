// What monitor found, as JSON and CSV.
#pragma once

#include <string>
#include <vector>

#include "analysis/alarms.hpp"
#include "analysis/training_series.hpp"

namespace attn::results {

struct TrainingReport {
    analysis::TrainingSeries series;
    std::vector<analysis::Alarm> alarms;

    std::size_t count(analysis::AlarmVerdict verdict) const;
    // No alarm; `strict`: and no warning.
    bool passed(bool strict) const;
};

// {"steps", "heads", "layers", "model", "alarms", "passed"}; what does not exist at a step is null,
// and a measure that needs what nobody gave (tokens, scores) is left out.
std::string training_json(const TrainingReport& report, bool strict);

// step,layer,head and a column for each measure; with `seq` where there are series of single
// sequences. An empty cell does not exist.
std::string heads_csv(const analysis::TrainingSeries& series);
std::string layers_csv(const analysis::TrainingSeries& series);

}  // namespace attn::results
