// --force and --durable: the same for every command that writes.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "console.hpp"
#include "io/output_guard.hpp"

namespace attn::app {

// What is written to "-" goes to the console.
void add_output_policy_flags(CLI::App& command, io::OutputPolicy& policy, Console& console,
                             const std::string& group = "Options");

}  // namespace attn::app
