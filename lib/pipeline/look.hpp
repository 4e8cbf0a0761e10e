// The first look at a file: what it is, whether it is sane, what its heads do, and what to try
// next.
#pragma once

#include <string>
#include <vector>

#include "core/progress.hpp"
#include "pipeline/check.hpp"
#include "results/look_report.hpp"
#include "source/attention_request.hpp"
#include "source/source_selection.hpp"

namespace attn::pipeline {

struct LookRequest {
    source::SourceRequest from;  // a run folder, an array, a checkpoint, a container of arrays
    source::AttentionRequest attention;  // of it only who may attend
};

using results::LookResult;

// Throws Error for what cannot be read, and for a folder that holds nothing of these.
LookResult look(const LookRequest& request, const Progress& progress, const Warn& warn);

// What a folder stands for: itself where it is a run folder, a checkpoint or a container of arrays;
// else what of these is in it, by name. Any other name stands for itself. Throws Error for a folder
// that holds none of them.
std::vector<std::string> sources_in(const std::string& source);

}  // namespace attn::pipeline
