#include "io/inner_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <vector>

namespace attn::io {
namespace {

namespace fs = std::filesystem;

constexpr int kFolderOnly = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

FileDescriptor walk(int folder, const fs::path& inner, bool make) {
    FileDescriptor at(::openat(folder, ".", kFolderOnly));
    for (const fs::path& part : inner) {
        if (!at.is_open()) break;
        if (part.empty()) continue;  // what ends in a slash
        if (make && ::mkdirat(at.number(), part.c_str(), 0777) != 0 && errno != EEXIST) return {};
        FileDescriptor next(::openat(at.number(), part.c_str(), kFolderOnly));
        at = std::move(next);
    }
    return at;
}

std::vector<std::string> names_in(int folder) {
    std::vector<std::string> names;
    const int again = ::openat(folder, ".", kFolderOnly);
    if (again < 0) return names;
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(again), ::closedir);
    if (!stream) {
        ::close(again);
        return names;
    }
    while (const dirent* entry = ::readdir(stream.get())) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
    }
    return names;
}

}  // namespace

std::optional<fs::path> inner_path(const std::string& path) {
    if (path.find('\0') != std::string::npos) return std::nullopt;
    const fs::path inner = fs::path(path).lexically_normal();
    if (inner.empty() || inner.is_absolute() || inner.filename().empty()) return std::nullopt;
    const std::string first = inner.begin()->string();
    if (first == ".." || inner == "." || inner == kManifestName) return std::nullopt;
    if (first.rfind(kOwnPrefix, 0) == 0) return std::nullopt;
    return inner;
}

EntryKind entry_kind(int folder, const fs::path& inner) {
    const FileDescriptor parent = open_inner(folder, inner.parent_path());
    struct stat status {};
    if (!parent.is_open() ||
        ::fstatat(parent.number(), inner.filename().c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        return EntryKind::missing;
    if (S_ISDIR(status.st_mode)) return EntryKind::folder;
    if (S_ISLNK(status.st_mode)) return EntryKind::link;
    return S_ISREG(status.st_mode) ? EntryKind::file : EntryKind::other;
}

FileDescriptor open_inner(int folder, const fs::path& inner) {
    return walk(folder, inner, /*make=*/false);
}

FileDescriptor make_inner(int folder, const fs::path& inner) {
    return walk(folder, inner, /*make=*/true);
}

std::optional<std::string> read_inner(int folder, const std::string& name) {
    // Without waiting: whoever opens a pipe for reading waits for a writer.
    const FileDescriptor file(
        ::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (!file.is_open() || ::fstat(file.number(), &status) != 0 || !S_ISREG(status.st_mode))
        return std::nullopt;
    std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t size = 0;
    while (size < bytes.size()) {
        const ssize_t count = ::read(file.number(), bytes.data() + size, bytes.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::nullopt;
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    bytes.resize(size);
    return bytes;
}

void remove_inner(int folder, const fs::path& inner) {
    FileDescriptor parent = open_inner(folder, inner.parent_path());
    if (!parent.is_open()) return;
    ::unlinkat(parent.number(), inner.filename().c_str(), 0);
    for (fs::path empty = inner.parent_path(); !empty.empty(); empty = empty.parent_path()) {
        parent = open_inner(folder, empty.parent_path());
        if (::unlinkat(parent.number(), empty.filename().c_str(), AT_REMOVEDIR) != 0) return;
    }
}

void remove_entry(int folder, const std::string& name) {
    if (::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) return;
    const FileDescriptor below(::openat(folder, name.c_str(), kFolderOnly));
    if (!below.is_open()) return;
    for (const std::string& entry : names_in(below.number())) remove_entry(below.number(), entry);
    ::unlinkat(folder, name.c_str(), AT_REMOVEDIR);
}

}  // namespace attn::io
