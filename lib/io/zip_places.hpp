// Where members of a ZIP archive that are stored as they are lie in it, so that they can be used
// without a copy. libzip does not tell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "core/span.hpp"

namespace attn::io {

// Name -> bytes, found by walking from member to member as far as that makes sense. A guess: the
// archive's directory has the last word, so hold sizes and checksums against it.
std::map<std::string, Span<const std::byte>> find_stored_members(Span<const std::byte> archive);

// The CRC-32 of ZIP and gzip; of bytes that follow others, given theirs.
std::uint32_t crc32(Span<const std::byte> bytes, std::uint32_t before = 0);

}  // namespace attn::io
