// From which number on a row of weights is called by a name.
#pragma once

namespace attn::analysis {

// Saturated: its largest weight is above, so hardly a gradient passes.
inline constexpr double kSaturatedRow = 0.999;
// Far from a distribution: its sum is farther from 1.
inline constexpr double kFarRow = 0.5;

}  // namespace attn::analysis
