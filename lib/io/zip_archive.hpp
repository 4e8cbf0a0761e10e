// A ZIP archive in memory, read with libzip.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "io/file_bytes.hpp"

struct zip;

namespace attn::io {

struct ZipMember {
    std::string name;
    std::uint64_t index = 0;
    std::uint64_t size = 0;         // unpacked
    std::uint64_t packed_size = 0;  // in the archive
    std::uint32_t crc = 0;
    int method = 0;
    bool encrypted = false;
};

// Ways of packing that every reader of ZIP knows, and the only ones that NumPy writes.
constexpr int kZipStored = 0;
constexpr int kZipDeflated = 8;

class ZipArchive {
  public:
    // Reads the directory of the archive. `path` is what messages call it. Throws Error when it is
    // damaged.
    ZipArchive(const FileBytes& file, std::string path);
    ~ZipArchive();
    ZipArchive(const ZipArchive&) = delete;
    ZipArchive& operator=(const ZipArchive&) = delete;

    const std::vector<ZipMember>& members() const { return members_; }

    // Up to `size` of the first bytes of the member. Throws Error, which calls it `name`, when it
    // is damaged.
    std::vector<std::byte> start_of(const ZipMember& member, std::size_t size,
                                    const std::string& name) const;

    // All of the member but its first `skipped` bytes. Throws Error when it is damaged, which its
    // checksum tells, and when it is not as long as the directory says. Threads may call it at
    // once.
    FileBytes unpack(const ZipMember& member, std::size_t skipped, const std::string& name) const;

  private:
    FileBytes file_;
    std::string path_;
    zip* archive_ = nullptr;
    std::vector<ZipMember> members_;
    mutable std::mutex mutex_;  // libzip's archives are not for several threads
};

}  // namespace attn::io
