// How many cells masks keep of a head of any length, and the length from which methods cost less
// than exact attention.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "attention/approx/method.hpp"

namespace attn::approx {

// Cells that local windows keep of n queries and keys: at the edges fewer than window and sinks.
std::uint64_t local_cells(const Options& options, std::uint64_t n, bool causal);

// A method with its options; several are masks that are OR-ed.
struct MethodUse {
    const MethodRow* row = nullptr;
    const Options* options = nullptr;
};

// The smallest n = m at which the FLOPs of a method that does not look at the data (masks of
// positions, factorisations, kernels) are below those of exact attention, by the formulas of its
// row: found by doubling and then bisection up to 2^24; nothing beyond, and for other methods.
// `widths`: d_head and d_value.
std::optional<std::uint64_t> pays_from(const std::vector<MethodUse>& parts, const Sizes& widths,
                                       bool causal);

}  // namespace attn::approx
