// Masks that choose keys from positions alone: local windows, blocks, strides, columns, global
// tokens, and the union of several.
#pragma once

#include <memory>
#include <vector>

#include "attention/approx/shapes.hpp"

namespace attn::approx {

// Keys that any of the masks keeps.
std::unique_ptr<KeptKeys> either_of(std::vector<std::unique_ptr<KeptKeys>> masks);

// All that may be attended: exact attention.
std::unique_ptr<KeptKeys> all_keys(const Options&, const HeadInput& head);

// None: a head that is dropped.
std::unique_ptr<KeptKeys> no_keys(const Options&, const HeadInput& head);

// The last `window` keys up to the query's, every `dilation`th of them, and the first `sinks`;
// around the query where nothing is causal (Beltagy et al. 2020; sinks: Xiao et al. 2023).
std::unique_ptr<KeptKeys> local_mask(const Options& options, const HeadInput& head);

// The query's block of `size` keys, and `back` blocks before it; on both sides where nothing is
// causal (Qiu et al. 2019).
std::unique_ptr<KeptKeys> block_mask(const Options& options, const HeadInput& head);

// Keys less than `stride` away, and those a multiple of it away (Child et al. 2019).
std::unique_ptr<KeptKeys> strided_mask(const Options& options, const HeadInput& head);

// The query's block of `stride` keys, and the last `columns` keys of every block (Child et al.
// 2019).
std::unique_ptr<KeptKeys> fixed_mask(const Options& options, const HeadInput& head);

// Keys less than `window` away; `tokens` see and are seen by all (Beltagy et al. 2020).
std::unique_ptr<KeptKeys> global_mask(const Options& options, const HeadInput& head);

}  // namespace attn::approx
