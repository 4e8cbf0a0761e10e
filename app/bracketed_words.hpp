// The parser takes a word in brackets for a list where several may stand: "[b]" for "b", "[a,b]"
// for two; and "-:a", the array a of standard input, for a flag. These are names of files like any
// other.
#pragma once

#include <string>
#include <vector>

namespace attn::app {

// The words of a command line such that the parser leaves them whole: what it hands on of one goes
// through unguarded().
std::vector<std::string> guarded(std::vector<std::string> words);

// The word as it was given.
std::string unguarded(const std::string& word);

}  // namespace attn::app
