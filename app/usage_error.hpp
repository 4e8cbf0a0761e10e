// Mistakes on the command line, told in one line with the flag that was probably meant.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "catalogue.hpp"

namespace attn::app {

// `name` is no command. Throws Error with the nearest one.
[[noreturn]] void fail_unknown_command(const Catalogue& catalogue, const std::string& name);

std::string explain(const CLI::App& app, const CLI::ParseError& error);

}  // namespace attn::app
