// Says where more ranks look at stored attention than it has heads.
#pragma once

#include "attention/division.hpp"
#include "source/stored_source.hpp"

namespace attn::source {

template <class T>
void warn_of_idle_ranks(const Communicator& ranks, const Share& share,
                        const StoredAttention<T>& attention, const Warn& warn) {
    const auto count = [](const Chosen& chosen, std::size_t all) {
        return chosen ? chosen->size() : all;
    };
    const std::size_t sequences = count(share.sequences, attention.shape()[0]);
    const std::size_t heads = count(share.heads, attention.heads.size());
    attn::warn_of_idle_ranks(ranks, sequences * heads, warn);
}

}  // namespace attn::source
