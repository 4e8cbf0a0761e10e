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

const Hypothesis& another_layer() {
    static const Hypothesis row{
        "attention of another layer", Part::input, [](const DenseInputs&) { return false; },
        [](const DenseInputs&, Mistakes&) {},
        "Compare the number of the layer: outputs.attentions[i] is that of layer i, while "
        "outputs.hidden_states[i] is what layer i reads."};
    return row;
}

}  // namespace attn::analysis
