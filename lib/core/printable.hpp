// Text of others (names in files, tokens, paths, arguments) before a person sees it: nothing in it
// may steer a terminal, break a line or turn the order of letters round.
#pragma once

#include <string>
#include <string_view>

namespace attn {

// The text on one line. Control characters (C0, DEL, C1), line and paragraph separators, characters
// that change the direction of writing and bytes that are no UTF-8 become visible: \n, \x1b,
// \u202e, \xff. All else stays as it is, so that printable(printable(text)) == printable(text).
std::string printable(std::string_view text);

// The same for a JSON document that is UTF-8 already: what is left of such characters, which stand
// inside of strings only, becomes \u202e, which JSON reads back. Its line ends stay.
std::string printable_json(std::string_view document);

// Columns that a terminal needs for the text, near enough for tables: its characters.
std::size_t character_count(std::string_view text);

// The first `count` characters.
std::string_view first_characters(std::string_view text, std::size_t count);

}  // namespace attn
