// What look prints: a screen about one source, a line about each of several.
#pragma once

#include <string>
#include <vector>

#include "console.hpp"
#include "results/look_report.hpp"

namespace attn::app {

// A screen of 80 x 24, or as wide as the terminal. Long texts go on in the next line there, and are
// a line each where standard output is no terminal.
void print_look_screen(const results::LookResult& result, const std::string& source, bool color,
                       Console& console);

// One of several sources: what it is.
struct LookLine {
    std::string source;
    std::string verdict;  // "sane", "ok", "FAIL", "cannot be read"
    std::string what;
    std::string trouble;  // the worst; empty where there is none
};

LookLine look_line(const results::LookResult& result, const std::string& source);

// A table. Where the terminal is too narrow for it, a line says either what the source is or what
// is wrong with it.
void print_look_lines(const std::vector<LookLine>& lines, Console& console);

}  // namespace attn::app
