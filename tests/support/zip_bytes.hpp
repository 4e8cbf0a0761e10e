// ZIP archives made by hand, right or wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace attn::test {

struct ZipEntry {
    std::string name;
    std::string packed;                                // the bytes in the archive
    std::optional<std::uint32_t> size = std::nullopt;  // unpacked, when it is not that of `packed`
    std::optional<std::uint32_t> crc = std::nullopt;   // when it is not that of `packed`
    std::uint16_t method = 0;                          // 0: stored
    std::uint16_t flags = 0;                           // 1: encrypted
};

inline std::uint32_t crc32(const std::string& bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const char c : bytes) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1U ? 0xedb88320U : 0);
    }
    return ~crc;
}

// The archive; its directory claims `claimed` members where that is given.
inline std::string zip_bytes(const std::vector<ZipEntry>& entries,
                             std::optional<std::uint16_t> claimed = std::nullopt) {
    const auto number = [](std::size_t value, int bytes) {
        std::string text;
        for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
        return text;
    };
    std::string archive;
    std::string directory;
    for (const ZipEntry& entry : entries) {
        const std::string common =
            number(20, 2) + number(entry.flags, 2) + number(entry.method, 2) + number(0, 2) +
            number(0x21, 2) + number(entry.crc.value_or(crc32(entry.packed)), 4) +
            number(entry.packed.size(), 4) + number(entry.size.value_or(entry.packed.size()), 4) +
            number(entry.name.size(), 2) + number(0, 2);
        directory += "PK\x01\x02" + number(20, 2) + common + number(0, 2) + number(0, 2) +
                     number(0, 2) + number(0, 4) + number(archive.size(), 4) + entry.name;
        archive += "PK\x03\x04" + common + entry.name + entry.packed;
    }
    const std::size_t count = claimed.value_or(static_cast<std::uint16_t>(entries.size()));
    return archive + directory + "PK\x05\x06" + number(0, 4) + number(count, 2) + number(count, 2) +
           number(directory.size(), 4) + number(archive.size(), 4) + number(0, 2);
}

}  // namespace attn::test
