// Which file lies where in memory: for the thread that watches for signals, because a file that
// shrinks while it is mapped raises SIGBUS, which tells an address and no name; and for who reads
// the file again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace attn {

// A file by its path, and by what tells it from another one of that path.
struct FilePlace {
    std::string path;
    std::uint64_t device = 0, inode = 0;
};

// Bytes of a file that are mapped while it lives.
class MappedRange {
  public:
    // `path` as messages call it; `place`: where the file itself is, where that is said.
    MappedRange(std::string path, const void* begin, std::size_t size, FilePlace place = {});
    ~MappedRange();
    MappedRange(const MappedRange&) = delete;
    MappedRange& operator=(const MappedRange&) = delete;

    bool holds(const void* address) const;
    const std::string& path() const { return path_; }
    const FilePlace& place() const { return place_; }
    const std::byte* begin() const { return begin_; }
    std::size_t size() const { return size_; }

  private:
    std::string path_;
    FilePlace place_;
    const std::byte* begin_;
    std::size_t size_;
};

// The file whose bytes lie at the address, and where its first one lies.
struct MappedPlace {
    FilePlace file;
    const std::byte* begin = nullptr;
};

// Nothing where no file is mapped, or its place was not said.
std::optional<MappedPlace> find_mapped(const void* address);

// What happened when reading the address raised SIGBUS, in one line that names the file.
std::string explain_unreadable(const void* address);

}  // namespace attn
