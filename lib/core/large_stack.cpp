#include "core/large_stack.hpp"

#include <pthread.h>

#include <exception>

#include "core/error.hpp"
#include "core/parallel.hpp"

namespace attn {
namespace {

struct Work {
    const std::function<void()>& run;
    std::exception_ptr problem;
};

void* run(void* argument) {
    Work& work = *static_cast<Work*>(argument);
    try {
        work.run();
    } catch (...) {
        work.problem = std::current_exception();
    }
    return nullptr;
}

}  // namespace

void on_large_stack(const std::function<void()>& work) {
    constexpr std::size_t kStack = std::size_t{1} << 20;
    Work shared{work, nullptr};
    pthread_attr_t attributes;
    if (::pthread_attr_init(&attributes) != 0) fail(kNoThread);
    ::pthread_attr_setstacksize(&attributes, kStack);
    pthread_t thread;
    const bool started = ::pthread_create(&thread, &attributes, run, &shared) == 0;
    ::pthread_attr_destroy(&attributes);
    if (!started) fail(kNoThread);
    ::pthread_join(thread, nullptr);
    if (shared.problem) std::rethrow_exception(shared.problem);
}

}  // namespace attn
