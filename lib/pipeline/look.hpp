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

}  // namespace attn::pipeline
