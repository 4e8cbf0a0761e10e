// From attention flags to what the computation takes: arrays are read, every number is checked
// against the sizes of the attention.
#pragma once

#include <functional>
#include <string>

#include "attention/layer.hpp"
#include "io/inputs.hpp"
#include "pipeline/attention_request.hpp"

namespace attn::pipeline {

// Told to the user, without stopping.
using Warn = std::function<void(const std::string& text)>;

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

// Who may attend and what is added, but for positions: offsets, windows, lengths and the mask.
// `past` is the length of a cache in front of the keys. Throws Error as below.
template <class T>
MaskOptions<T> load_mask_options(const AttentionRequest& request, const AttentionSizes& sizes,
                                 std::size_t past, io::Inputs& inputs, const Warn& warn);

// Throws Error that names the flag, what was found and what was expected.
template <class T>
AttentionOptions<T> load_attention_options(const AttentionRequest& request, const HeadSizes& sizes,
                                           io::Inputs& inputs, io::NonFinite non_finite,
                                           const Warn& warn);

}  // namespace attn::pipeline
