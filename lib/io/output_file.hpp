// One file that a command writes: complete or absent, and never in the place of somebody else's.
// "-" is standard output.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/temporary_path.hpp"
#include "io/output_guard.hpp"
#include "io/own_mark.hpp"

namespace attn::io {

class OutputFile {
  public:
    // Makes the folders that are missing; they go again unless the file is written. Throws Error
    // when the path may not be written to, see OutputGuard.
    OutputFile(std::string path, FileKind kind, OutputGuard guard);

    // Writes the whole file, marked as ours: under another name beside it, then renamed. Throws
    // Error on any failure of the system; the file is then what it was.
    void write(std::string bytes);

    // The same for HTML that is made while it is written: `write` hands over one part after
    // another, the first of them with the first line.
    using TakePart = std::function<void(std::string_view)>;
    void write_parts(const std::function<void(const TakePart&)>& write);

  private:
    void replace(const std::function<void(const TakePart&)>& write) const;

    std::string path_;
    FileKind kind_;
    OutputGuard guard_;
    std::optional<NewFolder> folder_;
};

}  // namespace attn::io
