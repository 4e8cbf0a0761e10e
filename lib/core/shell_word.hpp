// Words of command lines that somebody pastes into a shell.
#pragma once

#include <string>

namespace attn {

// The word as a shell reads it back: as it is, in single quotes, or in $'' with escapes.
std::string shell_word(const std::string& word);

}  // namespace attn
