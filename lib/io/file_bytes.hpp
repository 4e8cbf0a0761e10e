// The bytes of a file, mapped into memory: nothing is read before it is looked at.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "core/span.hpp"

namespace attn::io {

struct FileBytes {
    Span<const std::byte> bytes;
    std::shared_ptr<const void> owner;  // keeps them
    bool mapped = false;  // a file: pages can be dropped and are read again when needed
};

// Throws Error when the file is missing, empty, a folder, not a plain file, or cannot be read.
FileBytes map_file(const std::string& path);

// Takes pages of a mapped file that are not needed soon out of this process's memory; they stay
// readable. Call it for bytes of map_file only.
void drop_pages(Span<const std::byte> bytes);

// All of standard input. Throws Error when there is none.
FileBytes read_standard_input();

}  // namespace attn::io
