#include "io/output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/error.hpp"
#include "io/file_descriptor.hpp"
#include "io/folder_lock.hpp"
#include "io/inner_folder.hpp"
#include "io/sha256.hpp"

namespace attn::io {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(const std::string& path) {
    const fs::path parent = fs::path(path).parent_path();
    return parent.empty() ? "." : parent;
}

// The same for every command that writes this file, so that the next one finds what a killed one
// left; short enough for any name.
std::string temporary_name(const std::string& path) {
    const std::string name = fs::path(path).filename().string();
    constexpr std::size_t kDigits = 16;
    return kOwnPrefix +
           sha256({reinterpret_cast<const std::byte*>(name.data()), name.size()})
               .substr(0, kDigits) +
           ".part";
}

bool is_still(int descriptor, int folder, const std::string& name) {
    struct stat open {};
    struct stat there {};
    return ::fstat(descriptor, &open) == 0 &&
           ::fstatat(folder, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           open.st_dev == there.st_dev && open.st_ino == there.st_ino;
}

// A new file that is ours by its lock. One that is there already belongs to a command that is
// still writing, whose end is waited for, or that was killed, and then it goes.
FileDescriptor create_locked(int folder, const std::string& name, const std::string& shown) {
    while (true) {
        FileDescriptor file(
            ::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
        if (file.is_open()) {
            wait_for_lock(file.number(), LockKind::exclusive, shown);
            if (is_still(file.number(), folder, name)) return file;
            continue;
        }
        if (errno != EEXIST) fail(shown, ": cannot create: ", std::strerror(errno));
        const FileDescriptor left(
            ::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        if (!left.is_open()) {
            if (errno == ENOENT) continue;
            if (::unlinkat(folder, name.c_str(), 0) != 0)
                fail(shown, ": cannot write beside it: ", std::strerror(errno));
            continue;
        }
        wait_for_lock(left.number(), LockKind::exclusive, shown);
        if (is_still(left.number(), folder, name) && ::unlinkat(folder, name.c_str(), 0) != 0)
            fail(shown, ": cannot write beside it: ", std::strerror(errno));
    }
}

void write_all(int descriptor, std::string_view bytes, const std::string& shown) {
    for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t count = ::write(descriptor, bytes.data() + at, bytes.size() - at);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail(shown, ": cannot write: ", std::strerror(errno));
        at += static_cast<std::size_t>(count);
    }
}

}  // namespace

OutputFile::OutputFile(std::string path, FileKind kind, OutputGuard guard)
    : path_(std::move(path)), kind_(kind), guard_(std::move(guard)) {
    if (path_ == "-") {
        assert(guard_.policy().standard_output);
        return;
    }
    guard_.require_file(path_, kind_);
    folder_.emplace(folder_of(path_));
}

void OutputFile::write(std::string bytes) {
    const std::string marked = with_mark(kind_, std::move(bytes));
    if (path_ == "-") return guard_.policy().standard_output(marked);
    replace([&](const TakePart& take) { take(marked); });
    folder_->keep();
}

void OutputFile::write_parts(const std::function<void(const TakePart&)>& write) {
    assert(kind_ == FileKind::html);
    const auto marked = [&](const TakePart& take) {
        bool first = true;
        write([&](std::string_view part) {
            if (first)
                take(with_mark(kind_, std::string(part)));
            else
                take(part);
            first = false;
        });
    };
    if (path_ == "-") {
        std::string bytes;
        marked([&](std::string_view part) { bytes.append(part); });
        return guard_.policy().standard_output(bytes);
    }
    replace(marked);
    folder_->keep();
}

void OutputFile::replace(const std::function<void(const TakePart&)>& write) const {
    const fs::path place = folder_of(path_);
    const FileDescriptor folder(::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.is_open()) fail(path_, ": cannot create: ", std::strerror(errno));
    const std::string name = temporary_name(path_);
    const FileDescriptor file = create_locked(folder.number(), name, path_);
    TemporaryPath temporary(place / name);
    write([&](std::string_view part) { write_all(file.number(), part, path_); });
    if (guard_.policy().durable && ::fsync(file.number()) != 0)
        fail(path_, ": cannot write: ", std::strerror(errno));
    guard_.require_file(path_, kind_);  // somebody may have put a file there meanwhile
    if (::renameat(folder.number(), name.c_str(), folder.number(),
                   fs::path(path_).filename().c_str()) != 0)
        fail(path_, ": cannot write: ", std::strerror(errno));
    temporary.keep();
    if (guard_.policy().durable) ::fsync(folder.number());
}

}  // namespace attn::io
