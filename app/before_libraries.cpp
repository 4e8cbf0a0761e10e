// What runs before the libraries start. OpenBLAS starts a thread for each processor then. We use
// none of them (attention/blas_threads), they delay every command, and where a limit on memory or
// processes leaves no room for them it waits for ever. So it is shown one processor.
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <sched.h>

namespace {

cpu_set_t all_processors;
bool narrowed = false;

void show_one_processor(int, char**, char**) {
    if (sched_getaffinity(0, sizeof all_processors, &all_processors) != 0) return;
    const int here = sched_getcpu();
    if (here < 0 || !CPU_ISSET(here, &all_processors)) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(here, &one);
    narrowed = sched_setaffinity(0, sizeof one, &one) == 0;
}

// After the libraries, before main.
__attribute__((constructor)) void show_all_processors() {
    if (narrowed) sched_setaffinity(0, sizeof all_processors, &all_processors);
}

__attribute__((section(".preinit_array"),
               used)) void (*const before_libraries)(int, char**, char**) = show_one_processor;

}  // namespace
#endif
