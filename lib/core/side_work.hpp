// Work beside the main work: pieces that nobody waits for until the end, done by threads that have
// nothing else to do. Loops over items (core/parallel) go first.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace attn {

class SideWork {
  public:
    // Pieces that wait keep at most about `most_bytes` of memory; one that would need more is done
    // at once by whoever brings it.
    explicit SideWork(std::size_t most_bytes);

    // Drops what nobody has begun, and waits for the rest.
    ~SideWork();
    SideWork(const SideWork&) = delete;
    SideWork& operator=(const SideWork&) = delete;

    // `bytes`: what the piece keeps until it is done. Threads may call it at once. After a piece
    // has failed nothing more is begun. With one thread pieces are done at once.
    void add(std::size_t bytes, std::function<void()> piece);

    // Does and waits for all that is left. Throws what a piece threw: of several that failed, what
    // the one threw that was added first. More may be added after it.
    void finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace attn
