// Attention mass by distance, and the soft window of Sukhbaatar et al. 2019 that is cut from it.
#pragma once

#include <memory>
#include <vector>

#include "attention/approx/shapes.hpp"

namespace attn::approx {

// D(δ) = the sum of all weights of cells that are δ keys away from where their query stands. With
// `without_first` those of key 0 are left out.
std::vector<double> mass_by_distance(const HeadInput& head, bool without_first = false);

// The smallest window, at least 1, that holds `share` of the mass.
std::size_t span_of(const std::vector<double>& mass, double share);

// ŵ = m w / Σ m w with m = clamp((ramp + z - away) / ramp, 0, 1); without z, the window that holds
// `share` of the head's mass, less 1.
std::unique_ptr<KeptKeys> span_mask(const Options& options, const HeadInput& head);

}  // namespace attn::approx
