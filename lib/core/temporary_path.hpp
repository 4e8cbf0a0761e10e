// Files and folders that must not outlive the work that makes them. Those that are alive are known
// to the thread that watches for signals (core/interrupt), which removes them before it ends a
// process that does not end by itself.
#pragma once

#include <filesystem>
#include <list>

namespace attn {

class TemporaryPath {
  public:
    enum class Removal {
        whole,    // a file, or a folder with all that is in it
        if_empty  // a folder, which stays when somebody has put something into it meanwhile
    };

    // From now on the path, which need not exist yet, is temporary.
    explicit TemporaryPath(std::filesystem::path path, Removal removal = Removal::whole);
    ~TemporaryPath();  // removes it, unless keep() was called
    TemporaryPath(const TemporaryPath&) = delete;
    TemporaryPath& operator=(const TemporaryPath&) = delete;

    // It is no longer temporary: neither the destructor nor a signal removes it.
    void keep();

    const std::filesystem::path& path() const { return path_; }

  private:
    friend void remove_temporary_paths();
    void remove() const noexcept;

    std::filesystem::path path_;
    Removal removal_;
    bool kept_ = false;
};

// A folder, made with those above it that are missing. Those that it made are temporary, until
// keep(), as long as nobody puts anything into them.
class NewFolder {
  public:
    // Throws Error when it cannot be made. A folder that is there already is left alone.
    explicit NewFolder(const std::filesystem::path& path);
    ~NewFolder();
    NewFolder(const NewFolder&) = delete;
    NewFolder& operator=(const NewFolder&) = delete;

    void keep();

  private:
    void remove() noexcept;

    std::list<TemporaryPath> made_;  // the innermost last
};

// Removes all that are alive, the newest first. For the very end of a process whose other threads
// still run: from now on keep() and the making of temporary paths wait for ever, so that nothing is
// half removed.
void remove_temporary_paths();

}  // namespace attn
