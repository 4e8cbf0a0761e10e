// Attention that was saved beside attention that is computed: no matrix of the latter is held.
#pragma once

#include "core/progress.hpp"
#include "pipeline/compare.hpp"

namespace attn::pipeline {

// What `computed` of the request gives is B. Throws Error as compare() does, for inputs that give
// no attention, and where pictures are asked for, which take whole matrices of both.
CompareResult compare_with_computed(const CompareRequest& request, const Progress& progress,
                                    const Warn& warn);

}  // namespace attn::pipeline
