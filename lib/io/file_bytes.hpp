// The bytes of a file. Every file is opened here: mapped into memory, so that nothing is read
// before it is looked at, and nothing that never ends (a pipe, a device) is read by accident.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <string>

#include "core/span.hpp"
#include "io/output_path.hpp"

namespace attn::io {

struct FileBytes {
    Span<const std::byte> bytes;
    std::shared_ptr<const void> owner;  // keeps them
    bool mapped = false;  // a file: pages can be dropped and are read again when needed
};

// Throws Error when the file is missing, empty, a folder, a pipe, a device, cannot be read, or is
// larger than `most` bytes.
FileBytes map_file(const std::string& path,
                   std::size_t most = std::numeric_limits<std::size_t>::max());

// The same of a file that errors call by another name.
FileBytes map_staged_file(const OutputPath& file);

// The same, but a pipe is read to its end, so that a shell's <(command) works.
FileBytes read_file_or_pipe(const std::string& path, std::size_t most);

// Takes pages of a mapped file that are not needed soon out of this process's memory; they stay
// readable. Call it for bytes of map_file only.
void drop_pages(Span<const std::byte> bytes);

// All of standard input. Throws Error when there is none, or more than half of this machine's
// memory.
FileBytes read_standard_input();

}  // namespace attn::io
