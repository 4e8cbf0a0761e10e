// --force, --durable and --sha256: the same for every command that writes.
#pragma once

#include <string>
#include "flags.hpp"

#include "console.hpp"
#include "io/output_guard.hpp"

namespace attn::app {

// What is written to "-" goes to the console.
void add_output_policy_flags(Command& command, io::OutputPolicy& policy, Console& console);

// The flag of commands that write a folder with a manifest.
void add_digest_flag(Command& command, io::OutputPolicy& policy);

}  // namespace attn::app
