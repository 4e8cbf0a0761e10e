// How far attention that was computed in a type may lie from its definition: rounding errors added
// up along the way, so that what differs more is wrong.
#pragma once

#include <cstddef>

#include "attention/definition.hpp"

namespace attn {

// The most that a sum of n rounded terms is off, as a part of the sum of their magnitudes: n unit
// roundoffs; for long sums, whose errors cancel out, 10 sqrt(n) of them, which is exceeded with a
// probability below 1e-20 (Higham and Mary 2019, "A new approach to probabilistic rounding error
// analysis", theorem 2.4).
double rounding_of_sum(std::size_t n, double unit_roundoff);

// Largest differences, of the shapes of what they bound.
struct HeadBounds {
    Array<double> scaled, softcapped, scores;  // [queries, keys]; the same for any of the stages
    Array<double> weights;                     // [queries, keys]; 0 where a key is masked
    Array<double> context;                     // [queries, d_value]

    const Array<double>& at(ScoreStage stage) const {
        if (stage == ScoreStage::biased) return scores;
        return stage == ScoreStage::scaled ? scaled : softcapped;
    }
};

// For a computation in T of the head that was defined in double; where T is double, the definition
// is as wrong and counts too.
template <class T>
HeadBounds rounding_bounds(const DefinedHead<double>& head);

}  // namespace attn
