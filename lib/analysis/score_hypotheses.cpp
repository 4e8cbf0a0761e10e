// Mistakes in what the scores are multiplied with, and in their cap.
#include "analysis/hypotheses.hpp"
#include "analysis/hypothesis_conditions.hpp"
#include "analysis/reading.hpp"

#include <cmath>

namespace attn::analysis {

std::vector<Hypothesis> score_hypotheses() {
    using namespace given;
    using In = const DenseInputs&;
    using Do = Mistakes&;
    return {
        {"no scale", Part::scale, always, [](In, Do m) { m.scale = 1; },
         "Multiply the scores with 1 / sqrt(d_head): q @ k.mT / math.sqrt(d), not q @ k.mT.",
         reading::kScale},
        {"scaled by 1 / d_head", Part::scale, always, [](In in, Do m) { m.scale = 1 / d_head(in); },
         "The factor is 1 / sqrt(d_head), not 1 / d_head: d ** -0.5, not d ** -1.",
         reading::kScale},
        {"scaled twice", Part::scale, always,
         [](In in, Do m) { m.scale = scale_of(in) * scale_of(in); },
         "Scale the queries or the scores, not both: scaled_dot_product_attention(q, k, v), not (q "
         "* d ** -0.5, k, v).",
         reading::kScale},
        {"scaled by 1 / sqrt(d_model)", Part::scale, has_several_heads,
         [](In in, Do m) {
             m.scale = 1 / std::sqrt(d_head(in) * static_cast<double>(heads_of(in)));
         },
         "The width under the root is that of one head, not that of the model: math.sqrt(d_model "
         "// heads), not math.sqrt(d_model).",
         reading::kScale},
        {"multiplied by sqrt(d_head)", Part::scale, always,
         [](In in, Do m) { m.scale = std::sqrt(d_head(in)); },
         "Divide by sqrt(d_head) instead of multiplying: scores / math.sqrt(d), not scores * "
         "math.sqrt(d).",
         reading::kScale},
        {"scaled by 1 / sqrt(d_head)", Part::scale, has_own_scale,
         [](In in, Do m) { m.scale = 1 / std::sqrt(d_head(in)); },
         "The usual factor is not this model's: T5 does not scale its scores (scale=1.0), Gemma 2 "
         "takes 1 / sqrt(query_pre_attn_scalar).",
         reading::kOwnScale},
        {"another scale", Part::scale, always, [](In, Do) {},
         "Compare the factor of the scores, scaled_dot_product_attention(..., scale=...), with "
         "--scale.",
         reading::kScale, Fit::scale},
        {"softcap missing", Part::softcap, caps, [](In, Do m) { m.missing_softcap = true; },
         "Cap the scaled scores: cap * torch.tanh(scores / cap), not scores.", reading::kSoftcap},
        {"another softcap", Part::softcap, caps, [](In, Do) {},
         "Compare the cap of the scores with --softcap: Gemma 2 has another one for its logits.",
         reading::kSoftcap, Fit::softcap},
        {"softcap after the mask", Part::softcap, caps,
         [](In, Do m) { m.softcap_after_mask = true; },
         "Cap first, then mask: a capped -inf is only -cap, and masked keys leak.",
         reading::kSoftcap},
    };
}

}  // namespace attn::analysis
