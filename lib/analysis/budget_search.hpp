// The smallest budget that is good enough, where errors need not fall with every step.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace attn::analysis {

// 1, 2, 3, 4, 6, 8, 12, … (2^t and 3 * 2^t) below `top`, then `top` itself, which is at least 1.
std::vector<std::size_t> budget_ladder(std::size_t top);

// The smallest of the ascending steps from which on all pass; nothing where the largest does not.
std::optional<std::size_t> first_of_passing(const std::vector<std::size_t>& steps,
                                            const std::function<bool(std::size_t)>& passes);

// That step of the ladder, then halved down towards the step before it: one rule, so that everybody
// finds the same number.
std::optional<std::size_t> smallest_budget(std::size_t top,
                                           const std::function<bool(std::size_t)>& passes);

}  // namespace attn::analysis
