// What approx tells of costs beside measures of errors: from where on methods pay, and times.
#pragma once

#include <functional>
#include <vector>

#include "analysis/method_times.hpp"
#include "pipeline/approx_methods.hpp"

namespace attn::pipeline {

// The lengths from which methods cost less; the widths of layers may differ.
void tell_pays_from(const ChosenMethods& chosen, bool causal,
                    const std::function<approx::Sizes(std::size_t)>& widths_of_layer,
                    std::vector<results::ApproxRow>& rows);

// Seconds of layers, and of all of them together. Sequences of a layer are timed together; each
// line of the layer says so.
void tell_times(const std::vector<analysis::LayerTimes>& layers, const ChosenMethods& chosen,
                results::ApproxReport& report);

}  // namespace attn::pipeline
