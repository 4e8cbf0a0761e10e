#include "io/page_advice.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace attn::io {

void expect_pages(Span<const std::byte> bytes) {
    if (bytes.size() == 0) return;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const std::uintptr_t begin = reinterpret_cast<std::uintptr_t>(bytes.begin()) / page * page;
    const auto end = reinterpret_cast<std::uintptr_t>(bytes.end());
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_WILLNEED);
}

}  // namespace attn::io
