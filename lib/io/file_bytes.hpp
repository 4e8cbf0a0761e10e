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
};

// Throws Error when the file is missing, empty, a folder, not a plain file, or cannot be read.
FileBytes map_file(const std::string& path);

// All of standard input. Throws Error when there is none.
FileBytes read_standard_input();

}  // namespace attn::io
