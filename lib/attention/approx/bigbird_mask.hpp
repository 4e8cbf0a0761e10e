// BigBird (Zaheer et al. 2020): neighbouring, global and random blocks.
#pragma once

#include <memory>

#include "attention/approx/shapes.hpp"

namespace attn::approx {

// Options: block, window (blocks on each side), globals (blocks), random (blocks a row of blocks),
// seed.
std::unique_ptr<KeptKeys> bigbird_mask(const Options& options, const HeadInput& head);

}  // namespace attn::approx
