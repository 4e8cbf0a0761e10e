#include "io/zip_places.hpp"

#include <libdeflate.h>

#include <cstdint>
#include <cstring>
#include <optional>

namespace attn::io {
namespace {

constexpr std::size_t kHeaderSize = 30;       // of a member, without its name and extra fields
constexpr std::uint32_t kLarge = 0xffffffff;  // the size stands in an extra field
constexpr unsigned kEncrypted = 1;
constexpr unsigned kSizesFollow = 8;  // known only after the data

std::uint64_t read_number(Span<const std::byte> bytes, std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;)
        value = value << 8 | std::to_integer<std::uint64_t>(bytes[at + i]);
    return value;
}

struct Sizes {
    std::uint64_t packed;
    std::uint64_t unpacked;
};

// The 64-bit sizes in a member's extra fields (APPNOTE 4.5.3), of which the header holds both.
std::optional<Sizes> large_sizes(Span<const std::byte> extra) {
    constexpr std::uint64_t kZip64 = 1;
    std::size_t at = 0;
    while (extra.size() - at >= 4) {
        const std::uint64_t id = read_number(extra, at, 2);
        const std::size_t size = read_number(extra, at + 2, 2);
        at += 4;
        if (size > extra.size() - at) return std::nullopt;
        if (id == kZip64 && size >= 16)
            return Sizes{read_number(extra, at + 8, 8), read_number(extra, at, 8)};
        at += size;
    }
    return std::nullopt;
}

}  // namespace

std::map<std::string, Span<const std::byte>> find_stored_members(Span<const std::byte> archive) {
    std::map<std::string, Span<const std::byte>> members;
    std::size_t at = 0;
    while (archive.size() - at >= kHeaderSize &&
           std::memcmp(archive.data() + at, "PK\x03\x04", 4) == 0) {
        const std::uint64_t flags = read_number(archive, at + 6, 2);
        const std::uint64_t method = read_number(archive, at + 8, 2);
        Sizes sizes{read_number(archive, at + 18, 4), read_number(archive, at + 22, 4)};
        const std::size_t name_size = read_number(archive, at + 26, 2);
        const std::size_t extra_size = read_number(archive, at + 28, 2);
        at += kHeaderSize;
        if ((flags & kSizesFollow) != 0 || name_size + extra_size > archive.size() - at) break;
        const std::string name(reinterpret_cast<const char*>(archive.data() + at), name_size);
        if (sizes.packed == kLarge || sizes.unpacked == kLarge) {
            const auto large = large_sizes({archive.data() + at + name_size, extra_size});
            if (!large) break;
            sizes = *large;
        }
        at += name_size + extra_size;
        if (sizes.packed > archive.size() - at) break;
        if (method == 0 && sizes.packed == sizes.unpacked && (flags & kEncrypted) == 0)
            members[name] = {archive.data() + at, sizes.packed};
        at += sizes.packed;
    }
    return members;
}

std::uint32_t crc32(Span<const std::byte> bytes, std::uint32_t before) {
    // libdeflate begins anew when there is no address, which no bytes may have.
    return bytes.empty() ? before : libdeflate_crc32(before, bytes.data(), bytes.size());
}

}  // namespace attn::io
