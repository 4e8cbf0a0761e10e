// Completions for shells: commands, flags, the words that a flag takes, files, and the arrays that
// a file holds behind "FILE:".
#pragma once

#include <string>

#include "catalogue.hpp"

namespace attn::app {

std::string bash_completion(const Catalogue& catalogue);
std::string zsh_completion(const Catalogue& catalogue);
std::string fish_completion(const Catalogue& catalogue);

}  // namespace attn::app
