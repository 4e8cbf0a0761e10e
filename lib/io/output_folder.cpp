#include "io/output_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <future>
#include <map>
#include <system_error>
#include <vector>

#include "core/byte_text.hpp"
#include "core/error.hpp"
#include "core/human_size.hpp"
#include "core/phase_clock.hpp"
#include "io/folder_lock.hpp"
#include "io/inner_folder.hpp"
#include "io/pending_commit.hpp"

namespace attn::io {
namespace {

namespace fs = std::filesystem;

void write_whole(const OutputPath& file, const std::string& bytes) {
    std::FILE* stream = std::fopen(file.path.c_str(), "wbe");
    if (stream == nullptr) fail(file.shown, ": cannot create: ", std::strerror(errno));
    const bool written = std::fwrite(bytes.data(), 1, bytes.size(), stream) == bytes.size();
    const int problem = errno;
    if (std::fclose(stream) != 0 || !written) {
        fail(file.shown, ": cannot write: ", std::strerror(written ? errno : problem));
    }
}

void sync(const OutputPath& file) {
    const FileDescriptor descriptor(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!descriptor.is_open()) fail(file.shown, ": cannot open: ", std::strerror(errno));
    // Some file systems cannot sync folders; that is no reason to lose the result.
    if (::fsync(descriptor.number()) != 0 && errno != EINVAL)
        fail(file.shown, ": cannot write: ", std::strerror(errno));
}

// Removes what commands left that were killed before their commit: the locks are free.
void remove_abandoned_staging(int folder, const std::string& path) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(path, ignored)) {
        const std::string name = entry.path().filename().string();
        if (name.rfind(kOwnPrefix, 0) != 0) continue;
        const FileDescriptor staging = open_inner(folder, name);
        if (staging.is_open() && try_lock(staging.number())) remove_entry(folder, name);
    }
}

// As many as moving files takes at once must be free before the first moves.
void require_descriptors(int folder, const std::string& shown) {
    constexpr std::size_t kMost = 8;
    std::vector<FileDescriptor> some;
    while (some.size() < kMost) {
        some.emplace_back(::fcntl(folder, F_DUPFD_CLOEXEC, 0));
        if (!some.back().is_open()) fail(shown, ": cannot write: ", std::strerror(errno));
    }
}

}  // namespace

OutputFolder::OutputFolder(std::string path, OutputGuard guard, const std::string& expected,
                           Communicator ranks, Leftover leftover)
    : path_(std::move(path)),
      guard_(std::move(guard)),
      ranks_(std::move(ranks)),
      leftover_(leftover) {
    guard_.require_folder_name(path_, expected);
    if (ranks_.is_root())
        make();
    else
        find_staging();
}

void OutputFolder::make() {
    // Another command may remove the folder that it made and we found.
    constexpr int kAttempts = 10;
    for (int i = 0; i < kAttempts; ++i) {
        if (!open_folder()) continue;
        ranks_.broadcast(staging_.filename().string());
        return;
    }
    fail(path_, ": is removed again and again while results are to be written there");
}

// False when the folder was removed meanwhile.
bool OutputFolder::open_folder() {
    created_.emplace(path_);
    folder_ = FileDescriptor(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder_.is_open()) {
        if (errno == ENOENT) return false;
        fail(path_, ": cannot open the folder: ", std::strerror(errno));
    }
    const FolderLock lock(folder_.number(), LockKind::exclusive, path_);
    struct stat status {};
    if (::fstat(folder_.number(), &status) == 0 && status.st_nlink == 0) return false;
    finish_commit(folder_.number(), path_, guard_.policy().durable);
    guard_.require_folder(folder_.number(), path_, read_earlier_result(folder_.number()));
    taken_over_ = leftover_ == Leftover::taken_over && take_over_staging();
    // A lock is not ours twice: what was taken over stays.
    remove_abandoned_staging(folder_.number(), path_);
    if (!taken_over_) create_staging();
    return true;
}

// False where no command left anything to go on with.
bool OutputFolder::take_over_staging() {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(path_, ignored)) {
        const std::string name = entry.path().filename().string();
        if (name.rfind(kOwnPrefix, 0) != 0) continue;
        FileDescriptor staging = open_inner(folder_.number(), name);
        if (!staging.is_open() || entry_kind(staging.number(), kResumeName) != EntryKind::folder ||
            !try_lock(staging.number()))
            continue;
        staging_ = fs::path(path_) / name;
        staging_lock_ = std::move(staging);
        temporary_.emplace(staging_);
        keep_staged();
        list_staged();
        return true;
    }
    return false;
}

void OutputFolder::list_staged() {
    for (auto entry = fs::recursive_directory_iterator(staging_); entry != end(entry); ++entry) {
        if (entry->path().filename().string().rfind(kOwnPrefix, 0) == 0)
            entry.disable_recursion_pending();
        else if (entry->is_regular_file() && entry->path().filename() != kManifestName)
            files_.insert(entry->path().lexically_relative(staging_).string());
    }
}

void OutputFolder::keep_staged() {
    if (!ranks_.is_root()) return;
    temporary_->keep();
    created_->keep();
    kept_ = true;
}

void OutputFolder::create_staging() {
    std::string name = (fs::path(path_) / (std::string(kOwnPrefix) + "XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr) {
        fail(path_, ": cannot write into the folder: ", std::strerror(errno));
    }
    staging_ = name;
    temporary_.emplace(staging_);
    staging_lock_ = FileDescriptor(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!staging_lock_.is_open())
        fail(path_, ": cannot write into the folder: ", std::strerror(errno));
    try_lock(staging_lock_.number());
}

// What rank 0 has just made, where the folder is the same one here.
void OutputFolder::find_staging() {
    staging_ = fs::path(path_) / ranks_.broadcast("");
    staging_lock_ = FileDescriptor(::open(staging_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!staging_lock_.is_open())
        fail(path_,
             ": is not the folder that rank 0 writes into; give one that all machines share");
}

OutputFolder::~OutputFolder() {
    std::error_code ignored;
    if (!staging_.empty() && ranks_.is_root() && !kept_) fs::remove_all(staging_, ignored);
}

void OutputFolder::require_space(std::size_t bytes) const {
    if (!ranks_.is_root()) return;
    std::error_code problem;
    const fs::space_info space = fs::space(path_, problem);
    if (!problem && bytes > space.available) {
        fail(path_, ": needs ", human_size(bytes), ", the disk has ", human_size(space.available),
             " free; save less (--save)");
    }
}

std::string OutputFolder::shown(const std::string& relative) const {
    return (fs::path(path_) / relative).string();
}

OutputPath OutputFolder::staged(const std::string& relative) const {
    OutputPath file(staging_ / relative, shown(relative));
    file.open = guard_.policy().open_array;
    return file;
}

OutputPath OutputFolder::stage(const std::string& relative) {
    OutputPath file = staged(relative);
    const std::lock_guard<std::mutex> lock(mutex_);
    // A neighbour's folder is there already.
    const std::string parent = fs::path(relative).parent_path().string() + "/";
    const auto neighbour = files_.lower_bound(parent);
    if (neighbour == files_.end() || neighbour->compare(0, parent.size(), parent) != 0) {
        // Below the folder itself, whatever its path leads to: once rank 0 has removed it, nobody
        // makes it anew.
        const fs::path inner = fs::path(relative).parent_path();
        if (!make_inner(staging_lock_.number(), inner).is_open())
            fail(file.shown, ": cannot create: ", std::strerror(errno));
    }
    files_.insert(relative);
    discarded_.erase(relative);
    return file;
}

void OutputFolder::write(const std::string& relative, const std::string& bytes) {
    const InPhase phase(Phase::write);
    write_whole(stage(relative), bytes);
}

void OutputFolder::gather_files() {
    ByteWriter own;
    for (const std::string& file : files_) own.put("+" + file);
    for (const std::string& file : discarded_) own.put("-" + file);
    for (const std::string& names : ranks_.gather_all(own.bytes())) {
        for (ByteReader theirs(names); !theirs.at_end();) {
            std::string file;
            theirs.take(file);
            (file.front() == '+' ? files_ : discarded_).insert(file.substr(1));
        }
    }
    for (const std::string& file : discarded_) files_.erase(file);
}

void OutputFolder::discard(const std::string& relative) {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::error_code ignored;
    fs::remove(staged(relative).path, ignored);
    files_.erase(relative);
    discarded_.insert(relative);
}

std::vector<std::string> OutputFolder::files() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return {files_.begin(), files_.end()};
}

std::vector<std::string> OutputFolder::paths() const {
    std::vector<std::string> paths = files();
    for (std::string& path : paths) path = (fs::path(path_) / path).string();
    return paths;
}

// Syncing waits for the disk and not for a processor: many at once, whatever the number of cores.
void OutputFolder::sync_staged() const {
    constexpr std::size_t kAtOnce = 16;
    std::set<fs::path> folders;
    std::vector<OutputPath> all;
    for (const std::string& file : files_) {
        all.push_back(staged(file));
        for (fs::path folder = all.back().path; folder != staging_;)
            folders.insert(folder = folder.parent_path());
    }
    for (const fs::path& folder : folders) all.emplace_back(folder, path_);
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < all.size(); i = next++) sync(all[i]);
    };
    std::vector<std::future<void>> workers;
    try {
        for (std::size_t i = 1; i < std::min(kAtOnce, all.size()); ++i)
            workers.push_back(std::async(std::launch::async, work));
    } catch (const std::system_error&) {
        // No more threads: it takes longer.
    }
    work();
    for (std::future<void>& worker : workers) worker.get();
}

// Everything that would stop the files from moving to their places is found before the first moves.
void OutputFolder::require_free_places(const std::optional<EarlierResult>& earlier) const {
    require_descriptors(folder_.number(), path_);
    if (entry_kind(folder_.number(), kManifestName) == EntryKind::folder)
        fail(shown(kManifestName), ": is a folder, expected a file");
    std::map<fs::path, EntryKind> folders;
    for (const std::string& file : files_) {
        const fs::path parent = fs::path(file).parent_path();
        for (fs::path above = parent; !above.empty() && folders.count(above) == 0;
             above = above.parent_path()) {
            const EntryKind kind = entry_kind(folder_.number(), above);
            folders[above] = kind;
            if (kind == EntryKind::missing || kind == EntryKind::folder) continue;
            fail(shown(above), ": is ", kind == EntryKind::link ? "a symbolic link" : "a file",
                 ", expected a folder; remove it, or choose another folder with -o");
        }
        if (!parent.empty() && folders[parent] == EntryKind::missing) continue;
        const EntryKind kind = entry_kind(folder_.number(), file);
        if (kind == EntryKind::missing) continue;
        if (kind == EntryKind::folder) fail(shown(file), ": is a folder, expected a file");
        if (!earlier || earlier->files.count(file) == 0)
            guard_.require_no_foreign_file(shown(file));
    }
}

void OutputFolder::commit(const std::string& manifest) {
    if (!ranks_.is_root()) return;
    const InPhase phase(Phase::commit);
    if (files_.empty())
        fail(path_, ": nothing was made that could be written there; it stays as it was");
    write_whole({staging_ / kManifestName, shown(kManifestName)}, manifest);
    if (guard_.policy().durable) sync_staged();

    const int folder = folder_.number();
    const FolderLock lock(folder, LockKind::exclusive, path_);
    // Another command may have been here since we began.
    finish_commit(folder, path_, guard_.policy().durable);
    const std::optional<EarlierResult> earlier = read_earlier_result(folder);
    if (earlier) guard_.require_folder(folder, path_, earlier);
    require_free_places(earlier);
    std::set<std::string> superseded;
    if (earlier && guard_.may_remove(folder, *earlier)) {
        for (const std::string& file : earlier->files) {
            if (files_.count(file) == 0) superseded.insert(file);
        }
    }
    const OutputPath journal(staging_ / kJournalName, path_);
    write_whole(journal, write_journal(files_, superseded));
    if (guard_.policy().durable) {
        sync({staging_ / kManifestName, path_});
        sync(journal);
        sync({staging_, path_});
    }
    temporary_->keep();
    if (::renameat(AT_FDCWD, staging_.c_str(), folder, kPendingName) != 0)
        fail(path_, ": cannot write into the folder: ", std::strerror(errno));
    created_->keep();
    if (guard_.policy().durable) ::fsync(folder);
    finish_commit(folder, path_, guard_.policy().durable);
}

}  // namespace attn::io
