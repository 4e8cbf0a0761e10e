#include "io/output_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <future>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/error.hpp"
#include "core/human_size.hpp"
#include "io/json_text.hpp"

namespace attn::io {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = "manifest.json";
constexpr const char* kStagingPrefix = ".attn-inspect-";

nlohmann::json read_manifest(const fs::path& folder) {
    return read_json_document((folder / kManifest).string());
}

bool is_ours(const fs::path& folder) {
    if (!fs::exists(folder / kManifest)) return false;
    const nlohmann::json manifest = read_manifest(folder);
    return manifest.is_object() && manifest.value("tool", nlohmann::json()) == "attn-inspect";
}

// The files that the folder's manifest lists, without any that would lead out of it.
std::set<std::string> files_of_earlier_result(const fs::path& folder) {
    std::set<std::string> files;
    if (!is_ours(folder)) return files;
    const nlohmann::json manifest = read_manifest(folder);
    const auto list = manifest.find("files");
    if (list == manifest.end() || !list->is_array()) return files;
    for (const nlohmann::json& entry : *list) {
        if (!entry.is_string()) continue;
        const fs::path file = fs::path(entry.get<std::string>()).lexically_normal();
        if (file.empty() || file.is_absolute() || *file.begin() == "..") continue;
        files.insert(file.string());
    }
    return files;
}

void sync(const fs::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) fail(path.string(), ": cannot open: ", std::strerror(errno));
    const int result = ::fsync(descriptor);
    const int problem = errno;
    ::close(descriptor);
    // Some file systems cannot sync folders; that is no reason to lose the result.
    if (result != 0 && problem != EINVAL)
        fail(path.string(), ": cannot write: ", std::strerror(problem));
}

void write_whole(const fs::path& path, const std::string& bytes) {
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) fail(path.string(), ": cannot create: ", std::strerror(errno));
    const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
    const int problem = errno;
    if (std::fclose(file) != 0 || !written) {
        fail(path.string(), ": cannot write: ", std::strerror(written ? errno : problem));
    }
}

void move_file(const fs::path& from, const fs::path& to) {
    std::error_code problem;
    fs::rename(from, to, problem);
    if (problem) fail(to.string(), ": cannot write: ", problem.message());
}

// Moves a file or a folder. A folder that is there already gets the files and keeps its others.
void move_into(const fs::path& from, const fs::path& to) {
    if (!fs::is_directory(from) || !fs::exists(to)) return move_file(from, to);
    for (const auto& entry : fs::directory_iterator(from)) {
        move_into(entry.path(), to / entry.path().filename());
    }
}

// Removes what a run left that was killed: its lock is free.
void remove_abandoned_staging(const fs::path& folder) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        if (entry.path().filename().string().rfind(kStagingPrefix, 0) != 0) continue;
        const int descriptor = ::open(entry.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (descriptor < 0) continue;
        if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) fs::remove_all(entry.path(), ignored);
        ::close(descriptor);
    }
}

void require_ours_or_empty(const fs::path& folder) {
    if (is_ours(folder)) return;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().filename().string().front() == '.') continue;
        fail(folder.string(),
             ": is not empty and has no manifest.json of attn-inspect; choose another folder with "
             "-o");
    }
}

}  // namespace

OutputFolder::OutputFolder(const fs::path& path) : path_(path) {
    if (fs::exists(path_) && !fs::is_directory(path_)) {
        fail(path_.string(), ": is a file, expected a folder for the results");
    }
    created_.emplace(path_);
    require_ours_or_empty(path_);
    remove_abandoned_staging(path_);
    create_staging();
}

void OutputFolder::create_staging() {
    std::string name = (path_ / (std::string(kStagingPrefix) + "XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr) {
        fail(path_.string(), ": cannot write into the folder: ", std::strerror(errno));
    }
    staging_ = name;
    temporary_.emplace(staging_);
    lock_ = ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock_ >= 0) ::flock(lock_, LOCK_EX | LOCK_NB);
}

OutputFolder::~OutputFolder() {
    std::error_code ignored;
    fs::remove_all(staging_, ignored);
    temporary_.reset();
    if (lock_ >= 0) ::close(lock_);
}

void OutputFolder::require_space(std::size_t bytes) const {
    const fs::space_info space = fs::space(path_);
    if (bytes > space.available) {
        fail(path_.string(), ": needs ", human_size(bytes), ", the disk has ",
             human_size(space.available), " free; save less (--save)");
    }
}

fs::path OutputFolder::stage(const std::string& relative) {
    const fs::path file = staging_ / relative;
    const std::lock_guard<std::mutex> lock(mutex_);
    fs::create_directories(file.parent_path());
    files_.insert(relative);
    return file;
}

void OutputFolder::write(const std::string& relative, const std::string& bytes) {
    write_whole(stage(relative), bytes);
}

fs::path OutputFolder::staged(const std::string& relative) const {
    return staging_ / relative;
}

void OutputFolder::discard(const std::string& relative) {
    const std::lock_guard<std::mutex> lock(mutex_);
    fs::remove(staging_ / relative);
    files_.erase(relative);
}

std::vector<std::string> OutputFolder::files() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return {files_.begin(), files_.end()};
}

// Syncing waits for the disk and not for a processor: many at once, whatever the number of cores.
void OutputFolder::sync_all() const {
    constexpr std::size_t kAtOnce = 16;
    const std::vector<std::string> staged(files_.begin(), files_.end());
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < staged.size(); i = next++) sync(staging_ / staged[i]);
    };
    std::vector<std::future<void>> workers;
    try {
        for (std::size_t i = 1; i < std::min(kAtOnce, staged.size()); ++i)
            workers.push_back(std::async(std::launch::async, work));
    } catch (const std::system_error&) {
        // No more threads: it takes longer.
    }
    work();
    for (std::future<void>& worker : workers) worker.get();
}

void OutputFolder::commit(const std::string& manifest) {
    write_whole(staging_ / kManifest, manifest);
    sync_all();
    sync(staging_ / kManifest);

    temporary_->keep();
    created_->keep();
    // Without its manifest the folder says of itself that it is incomplete, until the new one is
    // there.
    const std::set<std::string> earlier = files_of_earlier_result(path_);
    std::error_code ignored;
    fs::remove(path_ / kManifest, ignored);
    const fs::path manifest_file = staging_ / kManifest;
    for (const auto& entry : fs::directory_iterator(staging_)) {
        if (entry.path() != manifest_file) move_into(entry.path(), path_ / entry.path().filename());
    }
    for (const std::string& file : earlier) {
        if (files_.count(file) != 0) continue;
        fs::remove(path_ / file, ignored);
        ::rmdir((path_ / file).parent_path().c_str());  // succeeds only when it is empty
    }
    move_file(manifest_file, path_ / kManifest);
    sync(path_);
    committed_ = true;
}

void write_file(const fs::path& path, const std::string& bytes) {
    if (fs::is_directory(path)) fail(path.string(), ": is a folder, expected a file");
    std::string name = (path.parent_path() / (kStagingPrefix + std::string("XXXXXX"))).string();
    const int descriptor = ::mkstemp(name.data());
    if (descriptor < 0) fail(path.string(), ": cannot create: ", std::strerror(errno));
    const mode_t mask = ::umask(0);
    ::umask(mask);
    ::fchmod(descriptor, 0666 & ~mask);
    ::close(descriptor);
    const TemporaryPath temporary(name);
    write_whole(name, bytes);
    sync(name);
    move_file(name, path);
}

}  // namespace attn::io
