// One command at a time puts results into a folder. The lock lies on the folder itself: it leaves
// no file, and a process that is killed has let go of it.
#pragma once

#include <string>

namespace attn::io {

enum class LockKind {
    shared,    // for those who read
    exclusive  // for the one who changes
};

// Waits for the lock on an open file or folder; closing it, or the end of the process, lets go.
// Throws Error that calls it `shown` when somebody holds it for a minute, Interrupted on Ctrl-C. A
// file system that has no locks is one where nobody else works.
void wait_for_lock(int descriptor, LockKind kind, const std::string& shown);

// The same without waiting: whether the lock was to be had.
bool try_lock(int descriptor);

// A lock on an open folder while this lives.
class FolderLock {
  public:
    FolderLock(int folder, LockKind kind, const std::string& shown);
    ~FolderLock();
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

  private:
    int folder_;
};

}  // namespace attn::io
