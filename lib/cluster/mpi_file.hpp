// Files that MPI writes (MPI-IO), for file systems that its library knows better than the system
// does.
#pragma once

#include "io/placed_file.hpp"

namespace attn::cluster {

// As io::open_placed_file. Each rank has the file open for itself and writes its own places, so
// that none waits for another. MPI must have begun, and must not have ended when the file is
// closed.
io::PlacedFile open_mpi_file(const io::OutputPath& path, std::size_t size, io::Makers makers);

}  // namespace attn::cluster
