#include "core/parallel.hpp"

#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/memory.hpp"
#include "core/phase_clock.hpp"

namespace attn {

namespace {

// Calls worker() on that many threads at once and waits; the first exception comes out again.
#ifdef __SANITIZE_THREAD__
// The thread sanitizer cannot look into a libtbb that was built without it and takes each task that
// is handed over for a race. Plain threads show it our own races.
void on_threads(std::size_t workers, std::atomic<bool>& stop, const std::function<void()>& worker) {
    std::exception_ptr first;
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < workers; ++i) {
        threads.emplace_back([&] {
            try {
                worker();
            } catch (...) {
                stop = true;
                const std::lock_guard<std::mutex> lock(mutex);
                if (!first) first = std::current_exception();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    if (first) std::rethrow_exception(first);
}
#else
void on_threads(std::size_t workers, std::atomic<bool>& stop, const std::function<void()>& worker) {
    tbb::parallel_for(
        std::size_t{0}, workers,
        [&](std::size_t) {
            try {
                worker();
            } catch (...) {
                stop = true;
                throw;
            }
        },
        tbb::simple_partitioner{});
}
#endif

}  // namespace

void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) {
    // A shared counter, not ranges split in halves: items are handed out in index order, so that
    // whoever sorts long items first gets them started first.
    std::atomic<std::size_t> next{0};
    std::atomic<bool> stop{false};
    const std::size_t workers = std::min(
        count, tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism));
    const PhaseOfThread phase = PhaseOfThread::current();
    const auto work = [&] {
        tune_allocator_of_thread();
        const InPhase working(phase);
        for (std::size_t i = next++; i < count && !stop; i = next++) {
            stop_if_interrupted();
            body(i);
        }
    };
    if (workers == 1) return work();
    const InPhase waiting(phase.idle());
    start_threads([&] { on_threads(workers, stop, work); });
}

void start_threads(const std::function<void()>& start) {
    try {
        start();
    } catch (const std::runtime_error& error) {
        // What oneTBB throws; it has no type of its own.
        if (std::string_view(error.what()).rfind("pthread_create", 0) == 0) fail(kNoThread);
        throw;
    }
}

std::size_t available_threads() {
    return static_cast<std::size_t>(std::max(1, tbb::info::default_concurrency()));
}

struct ThreadLimit::Control {
    tbb::global_control limit;
};

ThreadLimit::ThreadLimit(std::size_t threads)
    : control_(new Control{{tbb::global_control::max_allowed_parallelism,
                            threads == 0 ? available_threads() : threads}}) {}

ThreadLimit::~ThreadLimit() = default;

}  // namespace attn
