// Memory for numbers that starts at a cache line and is not cleared.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace attn {

template <class T>
class AlignedBuffer {
  public:
    AlignedBuffer() = default;
    explicit AlignedBuffer(std::size_t size)
        : values_(static_cast<T*>(::operator new(size * sizeof(T), kAlignment))) {}

    T* data() const { return values_.get(); }
    bool empty() const { return values_ == nullptr; }

  private:
    static constexpr std::align_val_t kAlignment{64};
    struct Free {
        void operator()(T* values) const { ::operator delete(values, kAlignment); }
    };
    std::unique_ptr<T, Free> values_;
};

}  // namespace attn
