// How large the page of `report` will be, and what to say where it is larger than --budget.
#pragma once

#include <cstddef>
#include <string>

#include "pipeline/report.hpp"
#include "pipeline/report_plan.hpp"
#include "results/report_meta.hpp"

namespace attn::pipeline {

// What the facts do not say of the page's contents.
struct ReportContents {
    double allowed_cells = 0;  // that may be attended, in all matrices of A
    bool compared = false;     // B and the difference are there, too
    bool plane = false;        // of queries and keys
    std::size_t image = 0;     // bytes of the photograph
};

// An estimate.
ReportSize estimate_report_size(const results::ReportFacts& facts, const ReportContents& contents);

// Bytes that a page has in any case.
double bytes_of_page_code();

// Throws the Error that says how much does not fit, and which flags help. `source` names A.
[[noreturn]] void refuse_for_budget(const ReportRequest& request, const std::string& source,
                                    const results::ReportFacts& facts, const ReportSize& size);

}  // namespace attn::pipeline
