#include "io/sha256.hpp"

#include <nettle/sha2.h>

#include <array>
#include <cstdint>

#include "io/file_reader.hpp"

namespace attn::io {

std::string sha256(Span<const std::byte> bytes) {
    sha256_ctx context;
    sha256_init(&context);
    read_in_pieces(bytes, [&](Span<const std::byte> piece) {
        sha256_update(&context, piece.size(), reinterpret_cast<const std::uint8_t*>(piece.data()));
    });
    std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
    sha256_digest(&context, digest.size(), digest.data());

    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : digest) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

}  // namespace attn::io
