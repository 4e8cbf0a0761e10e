// The first look at a file: what it is, whether it is sane, what its heads do, and what to try
// next.
#pragma once

#include <string>
#include <vector>

#include "analysis/head_stats.hpp"
#include "core/progress.hpp"
#include "pipeline/check.hpp"
#include "source/attention_request.hpp"
#include "source/source_selection.hpp"

namespace attn::pipeline {

struct LookRequest {
    source::SourceRequest from;  // a run folder, an array, a checkpoint, a container of arrays
    source::AttentionRequest attention;  // of it only who may attend
};

struct LookResult {
    enum class Kind { attention, checkpoint, arrays } kind = Kind::arrays;
    std::string what;                   // one line
    std::string more;                   // another, or empty
    std::vector<std::string> problems;  // of files that are no attention: "W_Q: 3 NaN"
    bool batch = false;
    CheckResult check;                       // of attention
    std::vector<analysis::HeadStats> heads;  // of attention; none where it cannot be measured
    std::vector<std::string> next;           // commands to paste

    bool failed() const { return !problems.empty() || check.failed(); }
};

// Throws Error for what cannot be read, and for a folder that holds nothing of these.
LookResult look(const LookRequest& request, const Progress& progress, const Warn& warn);

// What a folder stands for: itself where it is a run folder, a checkpoint or a container of arrays;
// else what of these is in it, by name. Any other name stands for itself. Throws Error for a folder
// that holds none of them.
std::vector<std::string> sources_in(const std::string& source);

}  // namespace attn::pipeline
