// Reading a folder of results: never a mixture of two of them. A commit that was killed is
// finished first, one that is under way is waited for.
#pragma once

#include <optional>
#include <string>

#include "io/file_descriptor.hpp"
#include "io/folder_lock.hpp"

namespace attn::io {

// Keeps the results in the folder as they are while it lives. Files that were opened meanwhile stay
// what they were afterwards. Throws Error when a killed commit cannot be finished (a read-only
// disk); a path that is no folder is left to whoever reads it.
class ReadingLock {
  public:
    explicit ReadingLock(const std::string& folder);

  private:
    FileDescriptor folder_;
    std::optional<FolderLock> lock_;
};

// Finishes a killed commit in the folder, if there is one.
void settle_results(const std::string& folder);

// The same for the folders that a file of results may belong to: the one it lies in, and the one
// above.
void settle_results_around(const std::string& file);

}  // namespace attn::io
