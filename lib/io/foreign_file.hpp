// Files that are not read, told by name and with what to do, so that nobody need guess.
#pragma once

#include <string>
#include <string_view>

namespace attn::io {

// How to turn a PyTorch file into one that is read: a command to copy.
std::string torch_conversion(const std::string& path);

// Throws the Error for a file that starts like `text`, which no reader of ours knows.
[[noreturn]] void refuse_foreign(const std::string& path, std::string_view text);

}  // namespace attn::io
