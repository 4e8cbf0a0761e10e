// What standard output is: a terminal or not, how wide, and whether colours are welcome there.
#pragma once

#include <cstddef>

namespace attn::app {

// For processes of a launcher, which may stand at the other end of a terminal itself: from now on
// there is none.
void expect_no_terminal();

bool is_terminal();

// The width of the terminal; 80 where it does not say, or is none.
std::size_t terminal_columns();

// A terminal, without --no-color (`no_color`) and NO_COLOR.
bool is_colorful(bool no_color);

}  // namespace attn::app
