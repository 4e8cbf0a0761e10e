// --force, --durable, --sha256 and --io: the same for every command that writes.
#pragma once

#include "commands.hpp"
#include "console.hpp"
#include "flags.hpp"
#include "io/output_guard.hpp"

namespace attn::app {

// What is written to "-" goes to the console.
void add_output_policy_flags(Command& command, io::OutputPolicy& policy, Console& console);

// The flag of commands that write a folder with a manifest.
void add_digest_flag(Command& command, io::OutputPolicy& policy);

// The flag of commands that write a folder of arrays. `line` must outlive the command.
void add_array_io_flag(Command& command, io::OutputPolicy& policy, const CommandLine& line);

}  // namespace attn::app
