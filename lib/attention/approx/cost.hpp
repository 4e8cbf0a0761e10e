// What attention and its approximations cost: FLOPs, bytes kept and bytes read (APPROX section 4).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "attention/approx/head_input.hpp"
#include "attention/approx/options.hpp"

namespace attn::approx {

// What a formula reads. All counts are of measured rows.
struct CostInputs {
    Sizes sizes;
    bool causal = false;
    std::uint64_t element_bytes = 4;
    std::uint64_t cells = 0;         // N, allowed
    std::uint64_t kept_cells = 0;    // K
    std::uint64_t allowed_last = 0;  // of the last row
    std::uint64_t kept_last = 0;
    std::uint64_t scored = 0;  // KeptKeys::scored
    std::uint64_t scored_last = 0;
};

struct Cost {
    std::uint64_t flops = 0;
    std::uint64_t kept_bytes = 0;
    std::uint64_t read_bytes = 0;
};

// 2 a multiply-add of matrix products; exponentials, sorts and normalisation are not counted.
using CostOf = std::function<Cost(const Options&, const CostInputs&)>;

Cost exact_cost(const CostInputs& inputs);

// Bytes that exact attention moves (Dao et al. 2022): with scores and weights each written and
// read, or tile by tile, where each tile reads the keys up to its last row (`tile_keys` of each).
struct IoBytes {
    std::uint64_t standard = 0;
    std::uint64_t tiled = 0;
};
IoBytes exact_io(const CostInputs& inputs, const std::vector<std::uint64_t>& tile_keys);

// The cost of rows that keep some keys: keys chosen by position; the same with a cache of so many
// keys; keys chosen by their scores, which must all be known.
Cost sparse_cost(const CostInputs& inputs);
Cost bounded_cost(const CostInputs& inputs, std::uint64_t keys);
Cost scored_cost(const CostInputs& inputs);

}  // namespace attn::approx
