// The parts that rows of the table of families are made of: under which of our names a family's
// modules keep their arrays.
#pragma once

#include <string>
#include <vector>

#include "model/layout.hpp"

namespace attn::model {

using Names = std::vector<TensorName>;

// An nn.Linear (or Conv1D): W_x and, where it has one, b_x.
Names linear(const std::string& ours, const std::string& theirs);

// A LayerNorm or RMSNorm.
Names norm(const std::string& ours, const std::string& theirs);

// What a checkpoint of TensorFlow's days ("LayerNorm.gamma", "LayerNorm.beta", as
// bert-base-uncased) calls by another name today; everything else as it is. transformers renames
// them when it loads a file.
std::string name_of_today(const std::string& name);

Names join(const std::vector<Names>& parts);

// The same, none of them required.
Names optional(Names names);

// W_QKV alone makes an attention complete, and so do W_Q, W_K and W_V: none of them is required by
// itself.
Names separate(const std::string& q, const std::string& k, const std::string& v,
               const std::string& o);

Names fused(const std::string& qkv, const std::string& o);

Names feed_forward(const std::string& in, const std::string& out);

Names gated(const std::string& gate, const std::string& in, const std::string& out);

Names pre_norms(const std::string& attention, const std::string& feed_forward);

Names post_norms(const std::string& attention, const std::string& feed_forward);

}  // namespace attn::model
