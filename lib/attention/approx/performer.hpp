// Performer (Choromanski et al. 2021): softmax estimated by random features that are never
// negative, so that attention becomes two products and costs grow with the length only.
#pragma once

#include "attention/approx/shapes.hpp"
#include "core/matrix.hpp"

namespace attn::approx {

// Directions ω of the features, [features, d]. Orthogonal ones come in blocks of d rows that stand
// at right angles, with lengths drawn independently; `redraw` gives others.
struct PerformerDraw {
    std::size_t features = 0;
    bool orthogonal = true;
    std::uint64_t seed = 0;
    std::size_t redraw = 0;
};
Matrix<double> performer_directions(const PerformerDraw& draw, std::size_t d, std::size_t head,
                                    std::size_t layer);

// φ(q) [queries, M] and φ(k)ᵀ [M, keys]. With x' = sqrt(scale) x: φ(x) = exp(ω·x' - ‖x'‖²/2), each
// factor shifted so that nothing overflows and some key of each row has a feature of 1; the shifts
// cancel when rows are normalised. eps > 0 imitates performer-pytorch instead, which adds it to
// features whose largest is about 1.
// Options: features, orthogonal, eps, seed, redraw.
Factors performer(const Options& options, const HeadInput& head);

}  // namespace attn::approx
