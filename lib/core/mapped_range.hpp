// Which file lies where in memory, for the thread that watches for signals: a file that shrinks
// while it is mapped raises SIGBUS, which tells an address and no name.
#pragma once

#include <cstddef>
#include <string>

namespace attn {

// Bytes of a file that are mapped while it lives.
class MappedRange {
  public:
    MappedRange(std::string path, const void* begin, std::size_t size);
    ~MappedRange();
    MappedRange(const MappedRange&) = delete;
    MappedRange& operator=(const MappedRange&) = delete;

    bool holds(const void* address) const;
    const std::string& path() const { return path_; }
    std::size_t size() const { return size_; }

  private:
    std::string path_;
    const std::byte* begin_;
    std::size_t size_;
};

// What happened when reading the address raised SIGBUS, in one line that names the file.
std::string explain_unreadable(const void* address);

}  // namespace attn
