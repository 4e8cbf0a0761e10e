// Bytes that may be those of a mapped file, read from the file instead: the system takes several
// times as long to map a page as to copy it. For who reads much of a file once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>

#include "core/aligned_buffer.hpp"
#include "core/span.hpp"
#include "io/file_descriptor.hpp"

namespace attn::io {

class FileReader {
  public:
    // Reads bytes that stay where they are while this lives.
    explicit FileReader(Span<const std::byte> bytes);

    // Whether at_hand() copies.
    bool copies() const { return file_ != nullptr; }

    // `count` bytes of those, from `first` on: where they lie in memory, or as a copy in `buffer`,
    // which has room for them. On any thread.
    const std::byte* at_hand(std::size_t first, std::size_t count, std::byte* buffer) const;

  private:
    Span<const std::byte> bytes_;
    std::shared_ptr<const FileDescriptor> file_;  // null: the bytes are looked at where they are
    std::size_t offset_ = 0;                      // of the bytes in the file
};

// What is read at once: enough for the system, and little enough to stay in cache.
constexpr std::size_t kReadAtOnce = std::size_t{1} << 18;

// Calls take(piece) for all of the bytes, in order.
template <class Take>
void read_in_pieces(Span<const std::byte> bytes, const Take& take) {
    const FileReader reader(bytes);
    if (!reader.copies()) return take(bytes);
    const AlignedBuffer<std::byte> buffer(kReadAtOnce);
    for (std::size_t first = 0; first < bytes.size(); first += kReadAtOnce) {
        const std::size_t count = std::min(kReadAtOnce, bytes.size() - first);
        take(Span<const std::byte>{reader.at_hand(first, count, buffer.data()), count});
    }
}

}  // namespace attn::io
