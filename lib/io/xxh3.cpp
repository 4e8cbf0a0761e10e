#include "io/xxh3.hpp"

#include <array>
#include <cinttypes>
#include <cstdio>

// The code itself, so that the program needs no library for it.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace attn::io {

std::string xxh3(Span<const std::byte> bytes) {
    const XXH128_hash_t digest = XXH3_128bits(bytes.data(), bytes.size());
    std::array<char, 33> text{};
    std::snprintf(text.data(), text.size(), "%016" PRIx64 "%016" PRIx64,
                  std::uint64_t{digest.high64}, std::uint64_t{digest.low64});
    return text.data();
}

}  // namespace attn::io
