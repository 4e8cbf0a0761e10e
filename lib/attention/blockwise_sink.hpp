// A sink that puts the heads of a layer together, row by row.
#pragma once

#include <algorithm>

#include "attention/sink.hpp"

namespace attn {

// Where such a sink is among the sinks of a stream, the tiles of all heads of some rows start one
// after another, so that the sink holds a few blocks of rows and never a whole matrix. That is an
// order in which it needs little memory, not a promise.
template <class T>
class BlockwiseSink : public Sink<T> {};

template <class T>
bool wants_blocks(const Sinks<T>& sinks) {
    return std::any_of(sinks.begin(), sinks.end(), [](Sink<T>* sink) {
        return dynamic_cast<BlockwiseSink<T>*>(sink) != nullptr;
    });
}

}  // namespace attn
