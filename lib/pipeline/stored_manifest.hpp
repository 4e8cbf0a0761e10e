// What a manifest says of the stored attention that results were made from.
#pragma once

#include <cstddef>
#include <vector>

#include "results/manifest.hpp"
#include "source/stored_source.hpp"

namespace attn::pipeline {

// Its layers, the heads at `places`, and who may attend. The command, its inputs, options, labels
// and files are the caller's.
template <class T>
results::RunManifest stored_manifest(const source::StoredAttention<T>& attention,
                                     const std::vector<std::size_t>& places);

}  // namespace attn::pipeline
