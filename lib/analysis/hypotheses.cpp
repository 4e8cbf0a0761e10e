#include "analysis/hypotheses.hpp"

namespace attn::analysis {

const std::vector<Hypothesis>& hypotheses() {
    static const std::vector<Hypothesis> all = [] {
        std::vector<Hypothesis> table = projection_hypotheses();
        for (const auto& more :
             {rotary_hypotheses(), score_hypotheses(), mask_hypotheses(), softmax_hypotheses()})
            table.insert(table.end(), more.begin(), more.end());
        return table;
    }();
    return all;
}

}  // namespace attn::analysis
