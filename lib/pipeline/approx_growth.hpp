// What --growth adds to approx: what layers of other lengths would cost, and how large errors are
// there.
#pragma once

#include <memory>
#include <vector>

#include "analysis/growth_sink.hpp"
#include "analysis/layer_growth.hpp"
#include "pipeline/approx.hpp"
#include "pipeline/approx_methods.hpp"
#include "results/approx_report.hpp"

namespace attn::pipeline {

// Measures what the formulas do not tell: errors of shorter lengths, and times with --time. `sizes`
// are those of the input.
template <class T>
std::unique_ptr<analysis::GrowthSink<T>> growth_sink(const ApproxRequest& request,
                                                     const ChosenMethods& chosen,
                                                     const approx::Sizes& sizes);

// What layers as wide as `size` cost at each length, with the errors of the methods: those of
// `rows` at the input's own length, and those that the sink has measured.
template <class T>
analysis::LayerGrowth growth_of(const ApproxRequest& request, const approx::LayerSize& size,
                                const ChosenMethods& chosen, const approx::Sizes& sizes,
                                const std::vector<results::ApproxRow>& rows, ApproxTarget target,
                                const analysis::GrowthSink<T>& measured);

}  // namespace attn::pipeline
