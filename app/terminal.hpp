// What standard output is: a terminal or not, how wide, and whether colours are welcome there.
#pragma once

#include <cstddef>

namespace attn::app {

bool is_terminal();

// Of the terminal; 80 where it does not say, or is none.
std::size_t terminal_columns();

// A terminal, without --no-color (`no_color`) and NO_COLOR.
bool is_colorful(bool no_color);

}  // namespace attn::app
