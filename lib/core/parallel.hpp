// Loops over independent items on all threads, and the limit on how many threads there are.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace attn {

// Calls body(i) once for every i < count, concurrently. Items start roughly in index order. The
// first exception stops the loop and is thrown again here; so does Interrupted, see interrupt.hpp.
void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body);

// What to say when the system gives no thread.
inline constexpr const char* kNoThread =
    "cannot start a thread; allow more memory or processes (ulimit), or give --threads 1";

// Calls what makes oneTBB start threads. Throws Error (kNoThread) where the system gives none.
void start_threads(const std::function<void()>& start);

// Cores that this process may use, at least 1.
std::size_t available_threads();

// While it lives, parallel_for uses at most `threads` threads (0 = available_threads()).
class ThreadLimit {
  public:
    explicit ThreadLimit(std::size_t threads);
    ~ThreadLimit();
    ThreadLimit(const ThreadLimit&) = delete;
    ThreadLimit& operator=(const ThreadLimit&) = delete;

  private:
    struct Control;
    std::unique_ptr<Control> control_;
};

}  // namespace attn
