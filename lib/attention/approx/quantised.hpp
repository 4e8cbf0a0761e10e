// Queries, keys and values in a few bits, and what the cache then takes.
#pragma once

#include "attention/approx/cost.hpp"
#include "attention/approx/quantiser.hpp"

namespace attn::approx {

// The rule for 'q', 'k' or 'v'. Options: kind (int, fp8, fp16, bf16), bits, symmetric, axis, group;
// k_axis, v_axis, q_group, k_group, v_group where set.
QuantRule quant_rule(const Options& options, char tensor);

// Options: those of quant_rule; tensors (letters), smooth (keys less their mean first), residual
// (the last tokens of keys and values that stay exact).
ChangedInputs quantised_inputs(const Options& options, const HeadInput& head);

Cost quantised_cost(const Options& options, const CostInputs& inputs);

}  // namespace attn::approx
