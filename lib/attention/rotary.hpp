// Rotary position embeddings (Su et al. 2021, RoFormer): pairs of dimensions are rotated by an
// angle that grows with the position.
#pragma once

#include <cstdint>
#include <vector>

#include "attention/heads.hpp"
#include "attention/rotary_frequencies.hpp"

namespace attn {

// Which dimensions are a pair.
enum class RotaryPairs {
    half_split,   // k and k + dim/2: Llama, GPT-NeoX
    interleaved,  // 2k and 2k + 1: GPT-J
};

// Cosines and sines [rows, dim / 2].
template <class T>
struct RotaryTable {
    Array<T> cos;
    Array<T> sin;
};

// Angle of row i and pair k: positions[i] * frequencies.radians[k].
template <class T>
RotaryTable<T> make_rotary_table(const std::vector<std::int64_t>& positions,
                                 const RotaryFrequencies& frequencies);

// The heads with their first dim dimensions rotated, [batch, heads, tokens, width]. Token t of
// sequence b takes row rows[b * tokens + t] of the table.
template <class T>
Array<T> rotate(const HeadsView<T>& heads, const RotaryTable<T>& table,
                const std::vector<std::size_t>& rows, RotaryPairs pairs);

}  // namespace attn
