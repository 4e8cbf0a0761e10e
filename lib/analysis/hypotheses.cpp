#include "analysis/hypotheses.hpp"

#include "analysis/reading.hpp"

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

bool is_choice(Fit fit) {
    return fit == Fit::head_order || fit == Fit::value_order || fit == Fit::top_keys ||
           fit == Fit::max_distance || fit == Fit::relative_layer || fit == Fit::pair_split;
}

bool brings_number(Fit fit) {
    return fit != Fit::nothing && fit != Fit::rounding && !is_choice(fit);
}

const Hypothesis& another_layer() {
    static const Hypothesis row{
        "attention of another layer",
        Part::input,
        [](const DenseInputs&) { return false; },
        [](const DenseInputs&, Mistakes&) {},
        "Compare the number of the layer: outputs.attentions[i] is that of layer i, while "
        "outputs.hidden_states[i] is what layer i reads.",
        reading::kHidden};
    return row;
}

}  // namespace attn::analysis
