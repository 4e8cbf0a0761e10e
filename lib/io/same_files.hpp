// Whether all processes that do one command's work together read the same files.
#pragma once

#include <string>
#include <vector>

#include "core/communicator.hpp"

namespace attn::io {

// Throws Error on a rank that finds other files under these names than rank 0 does. Compares their
// sizes and a sample of their bytes, so that large ones are not read for it; folders and standard
// input are not looked at.
void require_same_files(const Communicator& ranks, const std::vector<std::string>& paths);

}  // namespace attn::io
