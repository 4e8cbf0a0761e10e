#include "analysis/hypotheses.hpp"

#include <set>
#include <string>

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

bool is_common(const Hypothesis& hypothesis) {
    static const std::set<std::string> names{"norm in front missing",
                                             "norms of queries and keys missing",
                                             "bias missing",
                                             "key/value heads in the other order",
                                             "rotary positions missing",
                                             "rotary positions of the keys missing",
                                             "rotary pairs swapped",
                                             "rotary theta left at 10000",
                                             "rotary positions start again at 0",
                                             "no scale",
                                             "scaled by 1 / d_head",
                                             "scaled by 1 / sqrt(d_head)",
                                             "softcap missing",
                                             "causal mask missing",
                                             "mask off by one: the query cannot see itself",
                                             "mask off by one: the query sees the next key",
                                             "padding ignored",
                                             "window ignored",
                                             "window one key too long",
                                             "mask array ignored",
                                             "bias of the scores missing",
                                             "sink left out",
                                             "softmax applied twice"};
    return names.count(hypothesis.name) > 0;
}

bool is_choice(Fit fit) {
    return fit == Fit::head_order || fit == Fit::value_order || fit == Fit::kv_order ||
           fit == Fit::averaged_heads || fit == Fit::masked_key || fit == Fit::alibi_heads ||
           fit == Fit::top_keys || fit == Fit::max_distance || fit == Fit::relative_layer ||
           fit == Fit::pair_split;
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
