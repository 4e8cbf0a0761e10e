// Whether two heads attend alike: what `check` calls duplicate heads.
#pragma once

#include "core/span.hpp"

namespace attn::analysis {

// Two heads are the same where no weight differs by as much.
constexpr double kSameWeights = 1e-6;

// Of arrays of one size. Weights that are not a number are the same as nothing.
template <class T>
bool are_same_weights(Span<const T> a, Span<const T> b);

}  // namespace attn::analysis
