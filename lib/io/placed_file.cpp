#include "io/placed_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "core/error.hpp"
#include "io/file_descriptor.hpp"
#include "io/output_path.hpp"

namespace attn::io {
namespace {

void write_at(int descriptor, const OutputPath& path, const char* bytes, std::size_t count,
              std::size_t offset) {
    while (count > 0) {
        const ssize_t written = ::pwrite(descriptor, bytes, count, static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail(path.shown, ": cannot write: ", std::strerror(errno));
        const auto size = static_cast<std::size_t>(written);
        bytes += size;
        count -= size;
        offset += size;
    }
}

}  // namespace

PlacedFile open_placed_file(const OutputPath& path, std::size_t size, Makers makers) {
    const int truncate = makers == Makers::one ? O_TRUNC : 0;
    const auto file = std::make_shared<FileDescriptor>(
        ::open(path.path.c_str(), O_WRONLY | O_CREAT | truncate | O_CLOEXEC, 0666));
    if (!file->is_open()) fail(path.shown, ": cannot create: ", std::strerror(errno));
    if (::ftruncate(file->number(), static_cast<off_t>(size)) != 0)
        fail(path.shown, ": cannot write: ", std::strerror(errno));
    return {[file, path](std::size_t offset, const char* bytes, std::size_t count) {
                write_at(file->number(), path, bytes, count, offset);
            },
            [file, path] {
                if (::close(file->release()) != 0)
                    fail(path.shown, ": cannot write: ", std::strerror(errno));
            }};
}

}  // namespace attn::io
