// Hashing of queries and keys (Reformer, Kitaev et al. 2020; Andoni et al. 2015): a query keeps the
// keys that fall into its bucket in some round.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "attention/approx/shapes.hpp"

namespace attn::approx {

// One code a vector and round: [rounds][vectors].
using HashCodes = std::vector<std::vector<std::uint32_t>>;
struct LshCodes {
    HashCodes queries;
    HashCodes keys;
};

// argmax of [x R; -x R], R normal numbers [d, buckets / 2] of each round. center: keys are hashed
// less their mean, which softmax does not notice. Options: buckets, rounds, center, seed.
LshCodes lsh_codes(const Options& options, const HeadInput& head);

// The exact union of buckets over the rounds; self: a query keeps the key at its own position.
// Options: those of lsh_codes, self.
std::unique_ptr<KeptKeys> lsh(const Options& options, const HeadInput& head);

}  // namespace attn::approx
