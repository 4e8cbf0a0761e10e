// Texts that are longer than a line of a terminal. Nothing in what they become steers it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace attn {

// `start` and the words of `text`, on as many lines of at most `columns` characters as that takes;
// all but the first begin with `indent` spaces. A word that is longer than a line is cut.
std::vector<std::string> wrapped(const std::string& start, const std::string& text,
                                 std::size_t indent, std::size_t columns);

// A command line in lines that a shell takes as one: each but the last ends with a backslash. A
// flag stays with its value, and no word is cut.
std::vector<std::string> wrapped_command(const std::string& command, std::size_t columns);

// "the beginning of a te…": at most `columns` characters, at least one.
std::string shortened(const std::string& text, std::size_t columns);

// "…e/end/of/a.path": likewise, without its beginning.
std::string shortened_in_front(const std::string& text, std::size_t columns);

}  // namespace attn
