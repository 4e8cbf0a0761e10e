// Mistakes in what the scores are multiplied with, and in their cap.
#include "analysis/hypotheses.hpp"
#include "analysis/hypothesis_conditions.hpp"

#include <cmath>

namespace attn::analysis {

std::vector<Hypothesis> score_hypotheses() {
    using namespace given;
    using In = const DenseInputs&;
    using Do = Mistakes&;
    return {
        {"no scale", Part::scale, always, [](In, Do m) { m.scale = 1; },
         "Multiply the scores with 1 / sqrt(d_head)."},
        {"scaled by 1 / d_head", Part::scale, always, [](In in, Do m) { m.scale = 1 / d_head(in); },
         "The factor is 1 / sqrt(d_head), not 1 / d_head."},
        {"scaled twice", Part::scale, always,
         [](In in, Do m) { m.scale = scale_of(in) * scale_of(in); },
         "Scale the queries or the scores, not both."},
        {"scaled by 1 / sqrt(d_model)", Part::scale, has_several_heads,
         [](In in, Do m) {
             m.scale = 1 / std::sqrt(d_head(in) * static_cast<double>(heads_of(in)));
         },
         "The width under the root is that of one head, not that of the model."},
        {"multiplied by sqrt(d_head)", Part::scale, always,
         [](In in, Do m) { m.scale = std::sqrt(d_head(in)); },
         "Divide by sqrt(d_head) instead of multiplying."},
        {"scaled by 1 / sqrt(d_head)", Part::scale, has_own_scale,
         [](In in, Do m) { m.scale = 1 / std::sqrt(d_head(in)); },
         "The usual factor is not this model's: T5 does not scale its scores (scale=1.0), Gemma 2 "
         "takes 1 / sqrt(query_pre_attn_scalar)."},
        {"another scale", Part::scale, always, [](In, Do) {},
         "Compare the factor of the scores with --scale.", Fit::scale},
        {"softcap missing", Part::softcap, caps, [](In, Do m) { m.missing_softcap = true; },
         "Apply cap * tanh(score / cap) to the scaled scores."},
        {"another softcap", Part::softcap, caps, [](In, Do) {},
         "Compare the cap of the scores with --softcap: Gemma 2 has another one for its logits.",
         Fit::softcap},
        {"softcap after the mask", Part::softcap, caps,
         [](In, Do m) { m.softcap_after_mask = true; },
         "Cap first, then mask: a capped -inf is only -cap, and masked keys leak."},
    };
}

}  // namespace attn::analysis
