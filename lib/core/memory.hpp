// How the C library treats memory that was freed.
#pragma once

namespace attn {

// Call once, first in main. Tiles and pictures need some megabytes for a moment; without this the C
// library gives them back to the system each time and the system clears them anew, a sixth of the
// time of a run. Does nothing outside of glibc.
void keep_freed_memory();

}  // namespace attn
