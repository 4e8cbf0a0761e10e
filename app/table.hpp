// Tables for people on standard output.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "console.hpp"

namespace attn::app {

// Columns as wide as their widest entry: the first `text_columns` to the left, numbers to the
// right.
void print_table(Console& console, std::vector<std::vector<std::string>> rows,
                 std::size_t text_columns);

// So many significant digits; "-" for what does not exist (NaN).
std::string number_text(double value, int digits = 6);

}  // namespace attn::app
