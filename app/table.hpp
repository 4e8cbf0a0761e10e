// Tables and long texts for people on standard output.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "console.hpp"

namespace attn::app {

// Columns as wide as their widest entry: the first `text_columns` to the left, numbers to the
// right.
void print_table(Console& console, std::vector<std::vector<std::string>> rows,
                 std::size_t text_columns);

// The same where a cell may change its looks: `look` gets row, column and the padded text, which is
// safe to print.
using CellLook = std::function<std::string(std::size_t, std::size_t, const std::string&)>;
void print_table(Console& console, std::vector<std::vector<std::string>> rows,
                 std::size_t text_columns, const CellLook& look);

// Characters of the longest line that print_table would print.
std::size_t table_width(const std::vector<std::vector<std::string>>& rows);

// `start` and `text`: in lines of the terminal, as core/wrapped_text makes them, or as they are
// where standard output is none.
std::vector<std::string> text_lines(const std::string& start, const std::string& text,
                                    std::size_t indent);

// `start` and the words of `text` in lines of the terminal, as core/wrapped_text makes them.
void print_wrapped(const std::string& start, const std::string& text, std::size_t indent,
                   Console& console);

// So many significant digits; "-" for what does not exist (NaN).
std::string number_text(double value, int digits = 6);

}  // namespace attn::app
