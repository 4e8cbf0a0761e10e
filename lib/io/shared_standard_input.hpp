// Standard input for processes that do one command's work together: launchers give it to one of
// them, rank 0.
#pragma once

#include "core/communicator.hpp"

namespace attn::io {

// Reads all of it on rank 0; from now on it is the same on every rank, whoever reads it. Throws
// Error as read_standard_input() does. Nothing happens to who is alone.
void share_standard_input(const Communicator& ranks);

// For who reads a source more than once: keeps all of it in memory, and each read_standard_input()
// begins anew. Throws Error as that does.
void keep_standard_input();

}  // namespace attn::io
