// Queries and keys that somebody saved beside attention: those that flags name, or those of a
// folder that run wrote.
#pragma once

#include <string>
#include <vector>

#include "io/inputs.hpp"
#include "pipeline/report_side.hpp"

namespace attn::pipeline {

template <class T>
struct ReportProjections {
    std::vector<Array<T>> queries;  // of each layer in the page, [batch, heads, queries, d_head]
    std::vector<Array<T>> keys;     // [batch, kv_heads, keys, d_head]

    bool empty() const { return queries.empty(); }
};

// Empty where nobody saved any. Throws Error for arrays that are named and do not fit the
// attention.
template <class T>
ReportProjections<T> load_report_projections(const ReportRequest& request,
                                             const ReportSide<T>& side, io::Inputs& inputs);

}  // namespace attn::pipeline
