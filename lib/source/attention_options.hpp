// From attention flags to what the computation takes: arrays are read, every number is checked
// against the sizes of the attention.
#pragma once

#include "attention/layer.hpp"
#include "io/inputs.hpp"
#include "source/attention_request.hpp"
#include "source/mask_options.hpp"

namespace attn::source {

// What the flags are measured against.
struct HeadSizes {
    std::size_t batch = 1;
    std::size_t heads = 1;
    std::size_t kv_heads = 1;
    std::size_t queries = 0;
    std::size_t new_keys = 0;  // without those of a cache
    std::size_t d_head = 0;
    std::size_t d_value = 0;
};

// The base of rotary angles, where nobody says another.
constexpr double kRopeTheta = 10000;

// One logit a head; nothing where no array is named.
template <class T>
std::vector<T> load_sinks(const std::string& name, std::size_t heads, io::Inputs& inputs,
                          io::NonFinite non_finite);

// Angles for queries and new keys behind `past` others; nothing without --rope. `offsets` say where
// query 0 of each sequence stands.
template <class T>
std::optional<RotaryOptions<T>> load_rotary(const AttentionRequest& request, const HeadSizes& sizes,
                                            std::size_t past,
                                            const std::vector<std::ptrdiff_t>& offsets,
                                            io::Inputs& inputs);

// The table of relative positions that the request names; nothing where it names none.
template <class T>
RelativeBias<T> load_relative_bias(const AttentionRequest& request, std::size_t heads,
                                   io::Inputs& inputs, io::NonFinite non_finite);

// Throws Error that names the flag, what was found and what was expected.
template <class T>
AttentionOptions<T> load_attention_options(const AttentionRequest& request, const HeadSizes& sizes,
                                           io::Inputs& inputs, io::NonFinite non_finite,
                                           const Warn& warn);

}  // namespace attn::source
