// Memory for numbers that starts at a cache line and is not cleared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace attn {

template <class T>
class AlignedBuffer {
  public:
    AlignedBuffer() = default;
    explicit AlignedBuffer(std::size_t size)
        : memory_(::operator new(size * sizeof(T) + kAlignment)) {}

    T* data() const {
        const auto address = reinterpret_cast<std::uintptr_t>(memory_.get());
        // Of nothing: nothing.
        return reinterpret_cast<T*>((address + kAlignment - 1) / kAlignment * kAlignment);
    }
    bool empty() const { return memory_ == nullptr; }

  private:
    // By hand: the place of a buffer that an allocator aligned is too small for the next one of its
    // size, which costs a layer of a large model 60 MiB more.
    static constexpr std::size_t kAlignment = 64;
    struct Free {
        void operator()(void* memory) const { ::operator delete(memory); }
    };
    std::unique_ptr<void, Free> memory_;
};

}  // namespace attn
