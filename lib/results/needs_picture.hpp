// What heads need as a map: a row a layer, a column a head, once for each kind of budget.
#pragma once

#include <string>
#include <vector>

#include "analysis/approx_sink.hpp"
#include "render/figure.hpp"

namespace attn::results {

// The first sequence alone. Colours say how large a share of the whole budget is needed (grey: none
// is enough), letters the verdict.
render::Figure draw_needs(const std::vector<analysis::NeedsOfHead>& needs,
                          const std::string& source);

// P prune, L local, K sink+local, S sparse, Q short, F few keys, nothing for full.
std::string verdict_letter(const std::string& verdict);

}  // namespace attn::results
