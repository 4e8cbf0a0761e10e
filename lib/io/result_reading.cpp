#include "io/result_reading.hpp"

#include <fcntl.h>

#include <filesystem>

#include "core/error.hpp"
#include "io/pending_commit.hpp"

namespace attn::io {
namespace {

namespace fs = std::filesystem;

FileDescriptor open_folder(const std::string& path) {
    return FileDescriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

void settle(int folder, const std::string& shown) {
    if (!has_pending_commit(folder)) return;
    const FolderLock lock(folder, LockKind::exclusive, shown);
    try {
        finish_commit(folder, shown, /*durable=*/false);
    } catch (const Error& problem) {
        fail(shown,
             ": a command was killed while it put its results there, and they cannot be finished: ",
             problem.what());
    }
}

}  // namespace

ReadingLock::ReadingLock(const std::string& folder) : folder_(open_folder(folder)) {
    if (!folder_.is_open()) return;
    lock_.emplace(folder_.number(), LockKind::shared, folder);
    while (has_pending_commit(folder_.number())) {
        lock_.reset();
        settle(folder_.number(), folder);
        lock_.emplace(folder_.number(), LockKind::shared, folder);
    }
}

void settle_results(const std::string& folder) {
    const FileDescriptor open = open_folder(folder);
    if (open.is_open()) settle(open.number(), folder);
}

void settle_results_around(const std::string& file) {
    std::error_code ignored;
    const fs::path own = fs::absolute(file, ignored).lexically_normal().parent_path();
    for (const fs::path& folder : {own, own.parent_path()}) {
        if (fs::exists(folder / kPendingName, ignored)) settle_results(folder.string());
    }
}

}  // namespace attn::io
