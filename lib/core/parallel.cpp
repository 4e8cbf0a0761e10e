#include "core/parallel.hpp"

#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <atomic>

#include "core/interrupt.hpp"

namespace attn {

void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) {
    // A shared counter, not ranges split in halves: items are handed out in index order, so that
    // whoever sorts long items first gets them started first.
    std::atomic<std::size_t> next{0};
    const std::size_t workers = std::min(
        count, tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism));
    tbb::parallel_for(
        std::size_t{0}, workers,
        [&](std::size_t) {
            for (std::size_t i = next++; i < count; i = next++) {
                if (tbb::is_current_task_group_canceling()) return;
                if (const int signal = interrupted()) throw Interrupted{signal};
                body(i);
            }
        },
        tbb::simple_partitioner{});
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
