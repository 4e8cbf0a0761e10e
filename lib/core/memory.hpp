// How the C library treats memory that was freed, and how much memory there is.
#pragma once

#include <cstddef>
#include <string>

namespace attn {

// Call once, first in main. Tiles and pictures need some megabytes for a moment; without this the C
// library gives them back to the system each time and the system clears them anew, a sixth of the
// time of a run. Does nothing outside of glibc.
void keep_freed_memory();

// Throws Error when this machine has less memory than `bytes`, whatever else uses it: such a size
// is a damaged or a hostile file. `name` is what the message calls the array.
void require_memory(std::size_t bytes, const std::string& name);

}  // namespace attn
