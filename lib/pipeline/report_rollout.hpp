// Rollout in the page of `report`: a matrix a layer, which inputs each token is made of up to
// there.
#pragma once

#include "core/progress.hpp"
#include "core/warn.hpp"
#include "pipeline/report.hpp"
#include "pipeline/report_side.hpp"
#include "results/report_chunks.hpp"

namespace attn::pipeline {

// Whether there is one: of square self-attention in several layers that is not too large to be
// multiplied. `warn` is told where it is left out only because attention is computed.
template <class T>
bool has_report_rollout(const ReportRequest& request, const ReportSide<T>& side, const Warn& warn);

// Adds it to the page. Reads or computes the attention once more.
template <class T>
void add_report_rollout(const ReportRequest& request, const ReportSide<T>& side,
                        const results::ReportPacking& packing, const Progress& progress,
                        results::ReportChunks& chunks);

}  // namespace attn::pipeline
