#include "io/file_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "core/mapped_range.hpp"

namespace attn::io {
namespace {

// The file that was mapped, or none: another may bear its name by now. It is opened anew because a
// descriptor for each mapped file would be more of them than a process may have.
std::shared_ptr<const FileDescriptor> open_again(const FilePlace& place) {
    FileDescriptor file(::open(place.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat now {};
    const bool same = file.is_open() && ::fstat(file.number(), &now) == 0 &&
                      now.st_dev == place.device && now.st_ino == place.inode;
    return same ? std::make_shared<const FileDescriptor>(std::move(file)) : nullptr;
}

}  // namespace

FileReader::FileReader(Span<const std::byte> bytes) : bytes_(bytes) {
    // A few pages are mapped as quickly.
    constexpr std::size_t kSmall = std::size_t{1} << 16;
    if (bytes.size() < kSmall) return;
    const std::optional<MappedPlace> mapped = find_mapped(bytes.data());
    if (!mapped) return;
    file_ = open_again(mapped->file);
    offset_ = static_cast<std::size_t>(bytes.data() - mapped->begin);
}

const std::byte* FileReader::at_hand(std::size_t first, std::size_t count,
                                     std::byte* buffer) const {
    if (!copies()) return bytes_.data() + first;
    std::size_t done = 0;
    while (done < count) {
        const ssize_t read = ::pread(file_->number(), buffer + done, count - done,
                                     static_cast<off_t>(offset_ + first + done));
        if (read < 0 && errno == EINTR) continue;
        if (read <= 0) break;
        done += static_cast<std::size_t>(read);
    }
    // What cannot be read any more is looked at where it is mapped, which says so (core/interrupt).
    if (done < count) std::memcpy(buffer + done, bytes_.data() + first + done, count - done);
    return buffer;
}

}  // namespace attn::io
