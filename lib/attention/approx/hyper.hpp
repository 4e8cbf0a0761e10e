// HyperAttention (Han et al. 2023): keys of the same bucket of a sorted hash, and a sample of the
// others that stands for all.
#pragma once

#include <memory>

#include "attention/approx/shapes.hpp"

namespace attn::approx {

// The implied weights go with share * exp(score): 1 inside the own segment, else keys / sample
// times how often the key was drawn. Not causal. Options: bits, block, sample, seed.
std::unique_ptr<KeptKeys> hyper(const Options& options, const HeadInput& head);

}  // namespace attn::approx
