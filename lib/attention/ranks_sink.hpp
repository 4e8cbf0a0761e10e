// Streams that several processes carry out together. Where a RanksSink is among the sinks, the
// heads of each layer are dealt out, and each process streams its own; where all other sinks are
// JoiningSinks. Else each process streams all. Where there are more processes than heads, and all
// sinks take rows, each head is cut, and each process streams some rows of it.
#pragma once

#include <utility>

#include "attention/division.hpp"
#include "attention/sink.hpp"
#include "core/byte_text.hpp"
#include "core/communicator.hpp"

namespace attn {

template <class T>
class RanksSink : public Sink<T> {
  public:
    // `warn` is told once where there are more ranks than work.
    explicit RanksSink(Communicator ranks, Warn warn = nullptr)
        : ranks_(std::move(ranks)), warn_(std::move(warn)) {}

    const Communicator& ranks() const { return ranks_; }
    void consume(const Tile<T>&) override {}
    void tell_idle(const Division& division, std::size_t heads) {
        warn_of_idle_ranks(division, heads, warn_);
        warn_ = nullptr;
    }

  private:
    Communicator ranks_;
    Warn warn_;
};

// What a sink is, too, that can do without the tiles of heads that others stream. What it found in
// a head of its own crosses over as bytes, between the last tile of a layer and end_layer, so that
// every process goes on as if it had streamed all.
template <class T>
class JoiningSink {
  public:
    virtual ~JoiningSink() = default;

    // Before begin_layer: which heads of the layer are streamed here.
    virtual void begin_division(const Division&) {}
    // Behind the last tile of the layer that this process streams, even where it is alone.
    virtual void end_tiles() {}
    // Whether it can do with some rows of a head, as long as the process that owns the head hears
    // of the others before its end_head.
    virtual bool takes_rows() const { return false; }
    // What is known of rows that were consumed here, for the owner; and there, before end_head.
    virtual void save_rows(const RowPiece&, ByteWriter&) const {}
    virtual void restore_rows(const RowPiece&, ByteReader&) {}
    // Whether what it finds in a layer counts when the layer is over; else it is in files.
    virtual bool remembers() const { return false; }
    // The result of a head that is done; and on another process, in the same order.
    virtual void save_head(std::size_t /*sequence*/, std::size_t /*head*/, ByteWriter&) const {}
    virtual void restore_head(std::size_t /*sequence*/, std::size_t /*head*/, ByteReader&) {}
    // When the heads of all processes are here, even where this one is alone; what tiles are made
    // from is still there. For what takes all heads; processes may meet here once more.
    virtual void end_heads() {}
};

// The one among the sinks, or null.
template <class T>
RanksSink<T>* ranks_among(const Sinks<T>& sinks) {
    for (Sink<T>* sink : sinks) {
        if (auto* const ranks = dynamic_cast<RanksSink<T>*>(sink)) return ranks;
    }
    return nullptr;
}

}  // namespace attn
