// Mistakes in how queries and keys are rotated by their positions.
#include "analysis/hypotheses.hpp"
#include "analysis/hypothesis_conditions.hpp"
#include "analysis/reading.hpp"

namespace attn::analysis {

std::vector<Hypothesis> rotary_hypotheses() {
    using namespace given;
    using In = const DenseInputs&;
    using Do = Mistakes&;
    return {
        {"rotary positions missing", Part::rotary, rotates,
         [](In, Do m) { m.missing_rotary = true; },
         "Rotate queries and keys by their positions, along the axis of tokens, before the "
         "product: q, k = apply_rotary(q, k).",
         reading::kRotary},
        {"rotary positions of the keys missing", Part::rotary, rotates,
         [](In, Do m) { m.unrotated_keys = true; },
         "Rotate the keys, too, before they go into the cache: only queries were.",
         reading::kRotary},
        {"rotary positions of the queries missing", Part::rotary, rotates,
         [](In, Do m) { m.unrotated_queries = true; },
         "Rotate the queries, too: q, k = apply_rotary(q), apply_rotary(k).", reading::kRotary},
        {"rotary with the other sign", Part::rotary, rotates,
         [](In, Do m) { m.opposite_turn = true; },
         "rotate_half is cat(-x2, x1), not cat(x2, -x1): x1 * cos - x2 * sin, x2 * cos + x1 * "
         "sin.",
         reading::kRotateHalf},
        {"rotary without the minus sign", Part::rotary, rotates,
         [](In, Do m) { m.unsigned_turn = true; },
         "rotate_half is cat(-x2, x1), not cat(x2, x1): x1 * cos - x2 * sin, x2 * cos + x1 * sin.",
         reading::kRotateHalf},
        {"rotary positions applied twice", Part::rotary, rotates,
         [](In, Do m) { m.rotated_twice = true; },
         "Rotate queries and keys once: what is in the cache, or comes out of the fused kernel, "
         "is rotated already.",
         reading::kRotary},
        {"rotary on half of the dimensions", Part::rotary, rotates_even_pairs,
         [](In in, Do m) {
             m.rotary_dim = radians_of(in).size();
             m.rotary_theta = theta_of(in);
         },
         "Rotate all dimensions that the model rotates: arange(0, d, 2) / d, "
         "partial_rotary_factor 1.",
         reading::kRotaryPart},
        {"rotary on the first half of the pairs", Part::rotary, rotates_several_pairs,
         [](In in, Do m) { m.turned_pairs = radians_of(in).size() / 2; },
         "There is an angle for each pair, rotary_dim / 2 of them: cos[..., :d // 2], not "
         "cos[..., :d // 4] with the other pairs left as they are.",
         reading::kRotaryPart},
        {"rotary on all dimensions", Part::rotary, rotates_in_part,
         [](In in, Do m) {
             m.rotary_dim = width_of_head(in);
             m.rotary_theta = theta_of(in);
         },
         "Rotate the first dimensions only, q[..., :rotary_dim]: partial_rotary_factor, "
         "rotary_pct.",
         reading::kRotaryPart},
        {"rotary positions applied to the values", Part::rotary, rotates_values,
         [](In, Do m) { m.rotated_values = true; },
         "Rotate queries and keys only: values have no position.", reading::kRotary},
        {"rotary angles along the heads", Part::rotary, tells_heads_by_angles,
         [](In, Do m) { m.angles_of_heads = true; },
         "Positions run along the tokens: rotate q of (batch, heads, n, d), not q.view(batch, n, "
         "heads, d), whose axis -2 counts heads.",
         reading::kRotary},
        {"rotary positions of the queries one ahead", Part::rotary, rotates,
         [](In, Do m) { m.query_step = 1; },
         "Query and key of a token stand at the same position: arange(past, past + n) for both.",
         reading::kRotary},
        {"rotary positions of the queries one behind", Part::rotary, rotates,
         [](In, Do m) { m.query_step = -1; },
         "Query and key of a token stand at the same position: arange(past, past + n) for both.",
         reading::kRotary},
        {"rotary positions one ahead behind the cache", Part::rotary, rotates_behind_cache,
         [](In, Do m) { m.position_step = 1; },
         "The first new token stands at the length of the cache: arange(past, past + n), not "
         "arange(past + 1, ...).",
         reading::kCache},
        {"rotary positions one short behind the cache", Part::rotary, rotates_behind_cache,
         [](In, Do m) { m.position_step = -1; },
         "The first new token stands at the length of the cache: arange(past, past + n), not "
         "arange(past - 1, ...).",
         reading::kCache},
        {"rotary positions of the queries start again at 0", Part::rotary, rotates_behind_cache,
         [](In, Do m) { m.queries_from_0 = true; },
         "Behind a cache queries, too, go on from its length: cos[past : past + n], not cos[:n].",
         reading::kCache},
        {"rotary angles in the order of the other pairs", Part::rotary, rotates_several_pairs,
         [](In, Do m) { m.mixed_pairs = true; },
         "rotate_half goes with cat([freqs, freqs], -1), pairs side by side with "
         "freqs.repeat_interleave(2, -1).",
         reading::kPairs},
        {"rotary theta left at 10000", Part::rotary, has_other_theta,
         [](In, Do m) { m.rotary_theta = kUsualTheta; },
         "Take rope_theta and rope_scaling from the model's configuration.", reading::kTheta},
        {"rotary stretch ignored", Part::rotary, stretches,
         [](In in, Do m) { m.rotary_theta = theta_of(in); },
         "Take rope_scaling from the model's configuration, not rope_theta alone.",
         reading::kStretch},
        {"rotary positions start again at 0", Part::rotary, rotates_behind_cache,
         [](In, Do m) { m.positions_from_0 = true; },
         "Behind a cache positions go on from its length.", reading::kCache},
        {"rotary pairs swapped", Part::rotary, rotates,
         [](In, Do m) { m.other_rotary_pairs = true; },
         "Llama and GPT-NeoX pair k with k + d/2, GPT-J and Meta's own files pair 2k with 2k + 1.",
         reading::kPairs},
        {"rotary pairs of the queries swapped", Part::rotary, rotates_several_pairs,
         [](In, Do m) { m.other_query_pairs = true; },
         "Queries and keys are paired alike: permute q_proj.weight and k_proj.weight when a "
         "checkpoint is converted, not one of them.",
         reading::kPermute},
        {"rotary pairs of the keys swapped", Part::rotary, rotates_several_pairs,
         [](In, Do m) { m.other_key_pairs = true; },
         "Queries and keys are paired alike: permute q_proj.weight and k_proj.weight when a "
         "checkpoint is converted, not one of them.",
         reading::kPermute},
        {"rotary pairs swapped in a part of the dimensions", Part::rotary, rotates_several_pairs,
         [](In, Do) {},
         "All dimensions are paired alike: rotate_half(x) or rotate_every_two(x) for all of x, not "
         "one for x[..., :m] and the other for the rest.",
         reading::kPairs, Fit::pair_split},
        {"another rotary theta", Part::rotary, has_theta, [](In, Do) {},
         "Compare rope_theta with the model's configuration: 1 / theta ** (arange(0, d, 2) / d).",
         reading::kTheta, Fit::theta},
    };
}

}  // namespace attn::analysis
