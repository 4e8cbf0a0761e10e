#include "io/xxh3.hpp"

#include <array>
#include <cinttypes>
#include <cstdint>
#include <cstdio>

// The code itself, so that the program needs no library for it.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "io/file_reader.hpp"

namespace attn::io {

std::string xxh3(Span<const std::byte> bytes) {
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    read_in_pieces(bytes, [&](Span<const std::byte> piece) {
        XXH3_128bits_update(&state, piece.data(), piece.size());
    });
    const XXH128_hash_t digest = XXH3_128bits_digest(&state);
    std::array<char, 33> text{};
    std::snprintf(text.data(), text.size(), "%016" PRIx64 "%016" PRIx64,
                  std::uint64_t{digest.high64}, std::uint64_t{digest.low64});
    return text.data();
}

}  // namespace attn::io
