#include "attention/product_memory.hpp"

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <new>

namespace attn {
namespace {

std::atomic<std::size_t> running{0};
std::mutex mutex;
std::size_t buffers = 0;

}  // namespace

// OpenBLAS asks the system for a buffer for each product that runs at once, and keeps it. This asks
// first, whenever more run at once than ever before.
ProductMemory::ProductMemory() {
    const std::size_t count = ++running;
    const std::lock_guard<std::mutex> lock(mutex);
    if (count <= buffers) return;
    constexpr std::size_t kBytes = std::size_t{160} << 20;  // 128 MiB, and what else it takes
    void* memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        --running;
        throw std::bad_alloc();
    }
    ::munmap(memory, kBytes);
    buffers = count;
}

ProductMemory::~ProductMemory() {
    --running;
}

}  // namespace attn
