#include "core/temporary_path.hpp"

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace attn {
namespace {

struct AlivePaths {
    std::mutex mutex;
    std::vector<const TemporaryPath*> paths;
};

// Never destroyed: the watcher may look at it while the process ends.
AlivePaths& alive_paths() {
    static auto* all = new AlivePaths;
    return *all;
}

void forget(const TemporaryPath* path) {
    const std::lock_guard<std::mutex> lock(alive_paths().mutex);
    std::vector<const TemporaryPath*>& paths = alive_paths().paths;
    paths.erase(std::remove(paths.begin(), paths.end(), path), paths.end());
}

}  // namespace

TemporaryPath::TemporaryPath(std::filesystem::path path, Removal removal)
    : path_(std::move(path)), removal_(removal) {
    const std::lock_guard<std::mutex> lock(alive_paths().mutex);
    alive_paths().paths.push_back(this);
}

TemporaryPath::~TemporaryPath() {
    if (kept_) return;
    remove();
    forget(this);
}

void TemporaryPath::keep() {
    forget(this);
    kept_ = true;
}

void TemporaryPath::remove() const noexcept {
    if (removal_ == Removal::if_empty) {
        ::rmdir(path_.c_str());
        return;
    }
    // A thread that still writes may put a file where everything was just removed.
    constexpr int kAttempts = 10;
    std::error_code problem;
    for (int i = 0; i < kAttempts; ++i) {
        try {
            std::filesystem::remove_all(path_, problem);
        } catch (const std::bad_alloc&) {
            return;
        }
        if (!problem) return;
        // An empty folder takes no descriptor, which may be what lacks.
        if (::rmdir(path_.c_str()) == 0) return;
    }
}

NewFolder::NewFolder(const std::filesystem::path& path) {
    std::vector<std::filesystem::path> missing;
    std::error_code problem;
    for (std::filesystem::path folder = std::filesystem::absolute(path).lexically_normal();
         !std::filesystem::exists(folder, problem) && !problem; folder = folder.parent_path()) {
        if (!folder.filename().empty()) missing.push_back(folder);
    }
    problem.clear();
    for (auto folder = missing.rbegin(); folder != missing.rend(); ++folder)
        made_.emplace_back(*folder, TemporaryPath::Removal::if_empty);
    std::filesystem::create_directories(path, problem);
    if (!problem) return;
    remove();
    fail(path.string(), ": cannot create the folder: ", problem.message());
}

NewFolder::~NewFolder() {
    remove();
}

void NewFolder::keep() {
    for (TemporaryPath& folder : made_) folder.keep();
}

void NewFolder::remove() noexcept {
    while (!made_.empty()) made_.pop_back();
}

void remove_temporary_paths() {
    alive_paths().mutex.lock();
    std::vector<const TemporaryPath*>& paths = alive_paths().paths;
    for (auto path = paths.rbegin(); path != paths.rend(); ++path) (*path)->remove();
}

}  // namespace attn
