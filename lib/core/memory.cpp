#include "core/memory.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <limits>

#include "core/error.hpp"
#include "core/human_size.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace attn {

#ifdef __GLIBC__
namespace {
thread_local bool heap_is_tuned = false;
}  // namespace
#endif

void tune_allocator() {
#ifdef __GLIBC__
    heap_is_tuned = true;
    // By how much the heap grows: addresses only, memory comes when they are written. Where those
    // are limited, a few.
    rlimit addresses{};
    const bool limited =
        ::getrlimit(RLIMIT_AS, &addresses) != 0 || addresses.rlim_cur != RLIM_INFINITY;
    const int growth = limited ? 16 << 20 : 256 << 20;
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 2 * growth);
    mallopt(M_TOP_PAD, growth);
    // More than the heap has at first, so that it grows.
    void* const begin = std::malloc(std::size_t{1} << 20);
    const std::uintptr_t size =
        reinterpret_cast<std::uintptr_t>(::sbrk(0)) - reinterpret_cast<std::uintptr_t>(begin);
    // Other allocators do not take their memory from there.
    if (size <= 2 * static_cast<std::uintptr_t>(growth)) prefer_large_pages(begin, size);
    std::free(begin);
#endif
}

void tune_allocator_of_thread() {
#ifdef __GLIBC__
    if (heap_is_tuned) return;
    heap_is_tuned = true;
    // The heap of a thread is mapped as a whole and begins at a multiple of its size.
    constexpr std::uintptr_t kHeap = std::uintptr_t{64} << 20;
    void* const inside = std::malloc(1);
    prefer_large_pages(
        reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(inside) / kHeap * kHeap), kHeap);
    std::free(inside);
#endif
}

void prefer_large_pages(void* memory, std::size_t bytes) {
#ifdef MADV_HUGEPAGE
    constexpr std::uintptr_t kLargePage = std::uintptr_t{2} << 20;
    const auto address = reinterpret_cast<std::uintptr_t>(memory);
    const std::uintptr_t begin = (address + kLargePage - 1) / kLargePage * kLargePage;
    const std::uintptr_t end = (address + bytes) / kLargePage * kLargePage;
    if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#else
    static_cast<void>(memory);
    static_cast<void>(bytes);
#endif
}

std::size_t physical_memory() {
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    const long page_size = ::sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page_size <= 0) return std::numeric_limits<std::size_t>::max();
    return static_cast<std::size_t>(pages) * static_cast<std::size_t>(page_size);
}

void require_memory(std::size_t bytes, const std::string& name) {
    const std::size_t memory = physical_memory();
    if (bytes > memory) {
        fail(name, ": needs ", human_size(bytes), " of memory, this machine has ",
             human_size(memory));
    }
}

}  // namespace attn
