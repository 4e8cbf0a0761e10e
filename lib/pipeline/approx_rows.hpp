// Rows of what approx reports: what was measured of each method, and which of it is too much.
#pragma once

#include <vector>

#include "analysis/approx_sink.hpp"
#include "pipeline/approx.hpp"
#include "pipeline/approx_methods.hpp"
#include "results/approx_report.hpp"

namespace attn::pipeline {

// Puts what the sink has measured into the rows that ran; of a method that ran with several seeds
// means, with standard deviations beside them.
template <class T>
void fill_rows(const analysis::ApproxSink<T>& sink, const ChosenMethods& chosen,
               std::vector<results::ApproxRow>& rows);

// The error that --target names; of mass, what was not kept. NaN where it was not measured.
double error_of(const analysis::ApproxMeasures& measures, ApproxTarget target);

// A line for each layer of each row whose error is above --max-error, if there is such a flag.
// Throws Error for a row that has no such error.
void compare_with_limit(const ApproxRequest& request, ApproxTarget target, ApproxResult& result);

}  // namespace attn::pipeline
