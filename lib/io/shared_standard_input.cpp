#include "io/shared_standard_input.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/text_of.hpp"
#include "io/file_bytes.hpp"
#include "io/file_descriptor.hpp"

namespace attn::io {
namespace {

// A file in memory that stands where standard input was.
void replace_standard_input(std::string_view bytes) {
    const FileDescriptor file(::memfd_create("standard input", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file.is_open()) fail("standard input: cannot keep it: ", std::strerror(errno));
    for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t count = ::write(file.number(), bytes.data() + at, bytes.size() - at);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail("standard input: cannot keep it: ", std::strerror(errno));
        at += static_cast<std::size_t>(count);
    }
    if (::lseek(file.number(), 0, SEEK_SET) != 0 || ::dup2(file.number(), STDIN_FILENO) < 0)
        fail("standard input: cannot keep it: ", std::strerror(errno));
}

}  // namespace

void share_standard_input(const Communicator& ranks) {
    if (ranks.is_alone()) return;
    std::string bytes;
    ranks.together([&] {
        if (!ranks.is_root()) return;
        const FileBytes own = read_standard_input();
        bytes = text_of(own.bytes);
    });
    bytes = ranks.broadcast(bytes);
    ranks.together([&] { replace_standard_input(bytes); });
}

void keep_standard_input() {
    const FileBytes own = read_standard_input();
    replace_standard_input(text_of(own.bytes));
    // By which read_standard_input() knows it.
    if (::fcntl(STDIN_FILENO, F_ADD_SEALS, F_SEAL_WRITE) != 0)
        fail("standard input: cannot keep it: ", std::strerror(errno));
}

}  // namespace attn::io
