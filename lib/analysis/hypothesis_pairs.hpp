// Which two mistakes diagnose tries together.
#pragma once

#include "analysis/hypotheses.hpp"

namespace attn::analysis {

// Whether both can be made at once, and could still be told from what was observed. The order of
// the two does not matter.
bool may_be_together(const Hypothesis& a, const Hypothesis& b);

}  // namespace attn::analysis
