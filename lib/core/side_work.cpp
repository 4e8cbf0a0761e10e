#include "core/side_work.hpp"

#include <tbb/global_control.h>
#include <tbb/task_group.h>

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/interrupt.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"
#include "core/phase_clock.hpp"

namespace attn {
namespace {

#ifdef __SANITIZE_THREAD__
// Plain threads, for the same reason as in core/parallel.
class Helpers {
  public:
    void run(std::function<void()> work) {
        const std::lock_guard<std::mutex> lock(mutex_);
        threads_.emplace_back(std::move(work));
    }
    void wait() {
        for (std::thread& thread : threads_) thread.join();
        threads_.clear();
    }

  private:
    std::mutex mutex_;
    std::vector<std::thread> threads_;
};
#else
class Helpers {
  public:
    void run(std::function<void()> work) {
        start_threads([&] { group_.run(std::move(work)); });
    }
    void wait() { group_.wait(); }

  private:
    tbb::task_group group_;
};
#endif

bool is_one_thread() {
    return tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism) == 1;
}

}  // namespace

struct SideWork::State {
    explicit State(std::size_t most) : most_bytes(most) {}

    void work(std::size_t place, const std::function<void()>& piece) {
        if (stop) return;
        try {
            stop_if_interrupted();
            piece();
        } catch (...) {
            stop = true;
            const std::lock_guard<std::mutex> lock(mutex);
            if (problem && place > failed) return;
            failed = place;
            problem = std::current_exception();
        }
    }

    const std::size_t most_bytes;
    std::atomic<std::size_t> bytes{0};  // of what waits
    std::atomic<std::size_t> added{0};
    std::atomic<bool> stop{false};
    std::mutex mutex;
    std::exception_ptr problem;
    std::size_t failed = 0;  // the place of the piece that threw it
    Helpers helpers;
};

SideWork::SideWork(std::size_t most_bytes) : state_(new State(most_bytes)) {}

SideWork::~SideWork() {
    state_->stop = true;
    state_->helpers.wait();
}

void SideWork::add(std::size_t bytes, std::function<void()> piece) {
    State& state = *state_;
    const std::size_t place = state.added++;
    if (is_one_thread() || state.bytes + bytes > state.most_bytes) return state.work(place, piece);
    state.bytes += bytes;
    const PhaseOfThread phase = PhaseOfThread::current();
    state.helpers.run([&state, place, bytes, phase, piece = std::move(piece)] {
        tune_allocator_of_thread();
        const InPhase working(phase);
        state.work(place, piece);
        state.bytes -= bytes;
    });
}

void SideWork::finish() {
    state_->helpers.wait();
    if (!state_->problem) return;
    const std::exception_ptr problem = std::exchange(state_->problem, nullptr);
    std::rethrow_exception(problem);
}

}  // namespace attn
