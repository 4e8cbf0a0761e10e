// Mistakes on the command line, told in one line with the flag that was probably meant.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace attn::app {

std::string explain(const CLI::App& app, const CLI::ParseError& error);

}  // namespace attn::app
