// The folder that a command writes: complete or absent. Files are made in a hidden folder inside
// it and moved to their places at the end, so that a full disk, a kill or an error leaves earlier
// results as they were.
#pragma once

#include <cstddef>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/temporary_path.hpp"

namespace attn::io {

class OutputFolder {
  public:
    // Creates the folder where it is missing. Throws Error when the path is a file, cannot be
    // written to, or holds files but no manifest.json of ours (it would mix two people's work).
    explicit OutputFolder(const std::filesystem::path& path);

    // Removes what was not committed, and the folders that this object made.
    ~OutputFolder();
    OutputFolder(const OutputFolder&) = delete;
    OutputFolder& operator=(const OutputFolder&) = delete;

    // Throws Error when the disk has less than `bytes` free.
    void require_space(std::size_t bytes) const;

    // Where to write the file that will stand at `relative` ("layer00/weights.npy"); its folders
    // exist afterwards. Threads may call it at once.
    std::filesystem::path stage(const std::string& relative);

    // Writes a whole file at stage(relative).
    void write(const std::string& relative, const std::string& bytes);

    // Where a staged file lies until the folder is committed.
    std::filesystem::path staged(const std::string& relative) const;

    // Takes a staged file back.
    void discard(const std::string& relative);

    // The staged files so far, sorted.
    std::vector<std::string> files() const;

    // Moves everything into place, manifest.json (with this text) last. Files that the earlier
    // manifest listed and this result does not have are removed; files that we did not write are
    // left alone.
    void commit(const std::string& manifest);

  private:
    void create_staging();
    void sync_all() const;

    std::filesystem::path path_;
    std::optional<NewFolder> created_;
    std::optional<TemporaryPath> temporary_;  // the staging folder
    std::filesystem::path staging_;           // its path
    int lock_ = -1;  // held on the staging folder, so that others see that it is in use
    mutable std::mutex mutex_;
    std::set<std::string> files_;
    bool committed_ = false;
};

// Writes one file so that it is complete or absent: a temporary name beside it, synced, renamed.
void write_file(const std::filesystem::path& path, const std::string& bytes);

}  // namespace attn::io
