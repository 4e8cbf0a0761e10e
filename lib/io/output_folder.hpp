// The folder that a command writes: complete or absent. Files are made in a hidden folder inside
// it and moved to their places at the end (io/pending_commit), so that a full disk, a kill or an
// error leaves earlier results as they were, and two commands one result.
#pragma once

#include <cstddef>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/communicator.hpp"
#include "core/temporary_path.hpp"
#include "io/file_descriptor.hpp"
#include "io/output_guard.hpp"
#include "io/output_path.hpp"

namespace attn::io {

// Inside a hidden folder that a later command may go on with; what is in it is no result.
constexpr const char* kResumeName = ".attn-inspect-resume";

class OutputFolder {
  public:
    // What becomes of a hidden folder that a command left when it was killed.
    enum class Leftover {
        removed,
        taken_over,  // where it has a folder kResumeName: this command goes on with it
    };

    // Creates the folder where it is missing, and finishes the commit of a command that was killed.
    // `expected`: what the command writes, for messages ("a folder, or one picture FILE.png").
    // Throws Error when the path is a file, cannot be written to, or holds what the guard protects.
    // Where several `ranks` make one result, each makes an OutputFolder: rank 0 as if alone, and
    // the others write into its hidden folder; Error on those that do not see it.
    OutputFolder(std::string path, OutputGuard guard, const std::string& expected = "a folder",
                 Communicator ranks = {}, Leftover leftover = Leftover::removed);

    // Whether several ranks write into it.
    bool is_shared() const { return !ranks_.is_alone(); }

    // Whether it goes on with what another command left: all that was staged is.
    bool is_taken_over() const { return taken_over_; }

    // From now on what is staged stays where it is when this command is killed, or fails.
    void keep_staged();

    // Removes what was not committed, and the folders that this object made.
    ~OutputFolder();
    OutputFolder(const OutputFolder&) = delete;
    OutputFolder& operator=(const OutputFolder&) = delete;

    // Throws Error when the disk has less than `bytes` free.
    void require_space(std::size_t bytes) const;

    // Where to write the file that will stand at `relative` ("layer00/weights.npy"); its folders
    // exist afterwards. Threads may call it at once.
    OutputPath stage(const std::string& relative);

    // Writes a whole file at stage(relative).
    void write(const std::string& relative, const std::string& bytes);

    // Where a staged file lies until the folder is committed.
    OutputPath staged(const std::string& relative) const;

    // Takes a staged file back.
    void discard(const std::string& relative);

    // Waits until all ranks have written theirs; from now on each knows the files of all, without
    // those that one has taken back.
    void gather_files();

    // The staged files so far, sorted.
    std::vector<std::string> files() const;
    // The same, behind the folder's own path: where they stand once they are committed.
    std::vector<std::string> paths() const;

    // Moves everything into place, manifest.json (with this text) last, while other commands wait.
    // Files that the earlier manifest listed and this result does not have are removed; files that
    // we did not write are left alone, and one that stands where a result goes is an Error. So is a
    // result without files, which never takes the place of an earlier one. Only rank 0 does it.
    void commit(const std::string& manifest);

  private:
    void make();
    bool open_folder();
    bool take_over_staging();
    void list_staged();
    void create_staging();
    void find_staging();
    void require_free_places(const std::optional<EarlierResult>& earlier) const;
    std::string shown(const std::string& relative) const;
    void sync_staged() const;

    std::string path_;
    OutputGuard guard_;
    Communicator ranks_;
    Leftover leftover_;
    bool taken_over_ = false;
    bool kept_ = false;
    std::optional<NewFolder> created_;
    FileDescriptor folder_;
    std::optional<TemporaryPath> temporary_;  // the staging folder
    std::filesystem::path staging_;           // its path
    FileDescriptor staging_lock_;             // the folder; rank 0 shows others that it is in use
    mutable std::mutex mutex_;
    std::set<std::string> files_;
    std::set<std::string> discarded_;
};

}  // namespace attn::io
