#include "io/file_bytes.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/mapped_range.hpp"

namespace attn::io {
namespace {

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number() const { return number_; }

  private:
    int number_;
};

class Mapping {
  public:
    Mapping(const std::string& path, void* address, std::size_t size)
        : address_(address), range_(path, address, size) {}
    ~Mapping() { ::munmap(address_, range_.size()); }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

  private:
    void* address_;
    MappedRange range_;
};

}  // namespace

FileBytes map_file(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.number() < 0) fail(path, ": cannot open: ", std::strerror(errno));
    struct stat status {};
    if (::fstat(file.number(), &status) != 0) fail(path, ": cannot read: ", std::strerror(errno));
    if (S_ISDIR(status.st_mode)) fail(path, ": is a folder, expected a file");
    if (!S_ISREG(status.st_mode)) fail(path, ": is not a plain file; use - to read standard input");
    if (status.st_size == 0) fail(path, ": is empty");

    const auto size = static_cast<std::size_t>(status.st_size);
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
    if (address == MAP_FAILED) fail(path, ": cannot map: ", std::strerror(errno));
    const auto owner = std::make_shared<const Mapping>(path, address, size);
    return {{static_cast<const std::byte*>(address), size}, owner, true};
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
    auto bytes = std::make_shared<std::vector<std::byte>>();
    constexpr std::size_t kPiece = std::size_t{1} << 20;
    std::size_t size = 0;
    while (true) {
        stop_if_interrupted();
        bytes->resize(size + kPiece);
        const std::size_t count = std::fread(bytes->data() + size, 1, kPiece, stdin);
        size += count;
        if (count == 0) break;
    }
    if (std::ferror(stdin) != 0) fail("-: cannot read standard input");
    if (size == 0) fail("-: standard input is empty");
    bytes->resize(size);
    return {{bytes->data(), size}, bytes, false};
}

}  // namespace attn::io
