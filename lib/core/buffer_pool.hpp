// Buffers of one size that the threads of a loop borrow and give back, instead of one a piece of
// work. All are made by the thread that makes the pool.
#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "core/aligned_buffer.hpp"

namespace attn {

template <class T>
class BufferPool {
  public:
    // `count` buffers of `size` numbers, which are not cleared.
    BufferPool(std::size_t count, std::size_t size) : size_(size) {
        for (std::size_t i = 0; i < count; ++i) free_.emplace_back(size);
    }

    // A buffer, until it goes out of scope; may not outlive the pool.
    class Loan {
      public:
        Loan(BufferPool& pool, AlignedBuffer<T> buffer) : pool_(pool), buffer_(std::move(buffer)) {}
        ~Loan() { pool_.give_back(std::move(buffer_)); }
        Loan(const Loan&) = delete;
        Loan& operator=(const Loan&) = delete;

        T* data() const { return buffer_.data(); }

      private:
        BufferPool& pool_;
        AlignedBuffer<T> buffer_;
    };

    // One that is free, or else a new one.
    Loan borrow() { return Loan(*this, take()); }

  private:
    AlignedBuffer<T> take() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (free_.empty()) return AlignedBuffer<T>(size_);
        AlignedBuffer<T> buffer = std::move(free_.back());
        free_.pop_back();
        return buffer;
    }
    void give_back(AlignedBuffer<T> buffer) {
        const std::lock_guard<std::mutex> lock(mutex_);
        free_.push_back(std::move(buffer));
    }

    std::size_t size_;
    std::mutex mutex_;
    std::vector<AlignedBuffer<T>> free_;
};

}  // namespace attn
