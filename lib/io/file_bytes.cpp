#include "io/file_bytes.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/human_size.hpp"
#include "core/interrupt.hpp"
#include "core/mapped_range.hpp"
#include "core/memory.hpp"
#include "io/file_descriptor.hpp"

namespace attn::io {
namespace {

class Mapping {
  public:
    Mapping(const std::string& path, void* address, std::size_t size, FilePlace place)
        : address_(address), range_(path, address, size, std::move(place)) {}
    ~Mapping() { ::munmap(address_, range_.size()); }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

  private:
    void* address_;
    MappedRange range_;
};

FileDescriptor open_to_read(const std::string& path, int flags) {
    return FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
}

const char* kind_of(mode_t mode) {
    if (S_ISFIFO(mode)) return "a pipe";
    if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
    return S_ISSOCK(mode) ? "a socket" : "no file";
}

void require_at_most(std::size_t most, std::size_t size, const std::string& path) {
    if (size > most) fail(path, ": is larger than ", human_size(most), ", the most that is read");
}

FileBytes map(const FileDescriptor& file, std::size_t size, FilePlace place,
              const std::string& path) {
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
    if (address == MAP_FAILED) {
        if (errno == ENOMEM) throw std::bad_alloc();
        fail(path, ": cannot map: ", std::strerror(errno));
    }
    const auto owner = std::make_shared<const Mapping>(path, address, size, std::move(place));
    return {{static_cast<const std::byte*>(address), size}, owner, true};
}

FileBytes read_all(int descriptor, std::size_t most, const std::string& path) {
    constexpr std::size_t kPiece = std::size_t{1} << 20;
    auto bytes = std::make_shared<std::vector<std::byte>>();
    std::size_t size = 0;
    while (true) {
        stop_if_interrupted();
        bytes->resize(size + kPiece);
        const ssize_t count = ::read(descriptor, bytes->data() + size, kPiece);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail(path, ": cannot read: ", std::strerror(errno));
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
        require_at_most(most, size, path);
    }
    bytes->resize(size);
    return {{bytes->data(), size}, bytes, false};
}

// A pipe that nobody writes to yet must not be waited for before it is known to be one.
// `path` is what errors call it.
FileBytes read_or_map(const std::string& place, const std::string& path, std::size_t most,
                      bool pipes) {
    const FileDescriptor file = open_to_read(place, O_NONBLOCK);
    if (!file.is_open()) fail(path, ": cannot open: ", std::strerror(errno));
    struct stat status {};
    if (::fstat(file.number(), &status) != 0) fail(path, ": cannot read: ", std::strerror(errno));
    if (S_ISDIR(status.st_mode)) fail(path, ": is a folder, expected a file");
    if (pipes && S_ISFIFO(status.st_mode)) {
        const FileDescriptor pipe = open_to_read(place, 0);
        if (!pipe.is_open()) fail(path, ": cannot open: ", std::strerror(errno));
        FileBytes bytes = read_all(pipe.number(), most, path);
        if (bytes.bytes.size() == 0) fail(path, ": is empty");
        return bytes;
    }
    if (!S_ISREG(status.st_mode)) {
        fail(path, ": is not a plain file but ", kind_of(status.st_mode),
             "; use - to read standard input");
    }
    if (status.st_size == 0) fail(path, ": is empty");
    const auto size = static_cast<std::size_t>(status.st_size);
    require_at_most(most, size, path);
    return map(file, size, {place, status.st_dev, status.st_ino}, path);
}

}  // namespace

FileBytes map_file(const std::string& path, std::size_t most) {
    return read_or_map(path, path, most, /*pipes=*/false);
}

FileBytes map_staged_file(const OutputPath& file) {
    return read_or_map(file.path.string(), file.shown, std::numeric_limits<std::size_t>::max(),
                       /*pipes=*/false);
}

FileBytes read_file_or_pipe(const std::string& path, std::size_t most) {
    return read_or_map(path, path, most, /*pipes=*/true);
}

void drop_pages(Span<const std::byte> bytes) {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const std::uintptr_t begin =
        (reinterpret_cast<std::uintptr_t>(bytes.begin()) + page - 1) / page * page;
    const std::uintptr_t end = reinterpret_cast<std::uintptr_t>(bytes.end()) / page * page;
    // Only advice: nothing is wrong where the system does not take it.
    if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

FileBytes read_standard_input() {
    // What keep_standard_input() left is read from its beginning.
    const int seals = ::fcntl(STDIN_FILENO, F_GET_SEALS);
    if (seals > 0 && (seals & F_SEAL_WRITE) != 0) ::lseek(STDIN_FILENO, 0, SEEK_SET);
    FileBytes bytes = read_all(STDIN_FILENO, physical_memory() / 2, "standard input");
    if (bytes.bytes.size() == 0)
        fail("-: standard input is empty, or this command read it before; save it to a file first");
    return bytes;
}

}  // namespace attn::io
