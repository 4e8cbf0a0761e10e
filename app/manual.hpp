// Manual pages, as roff: attn-inspect(1) and one for each command.
#pragma once

#include <string>

#include "catalogue.hpp"

namespace attn::app {

// attn-inspect(1): the commands, what stands for all of them, exit codes, environment.
std::string program_manual(const Catalogue& catalogue);

// attn-inspect-run(1) and the like.
// That of attn-inspect-mpi, the same program on many machines.
std::string ranks_manual();

std::string command_manual(const Catalogue& catalogue, const CommandEntry& command);

}  // namespace attn::app
