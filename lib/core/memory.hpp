// How the system and the C library give memory and take it back, and how much there is.
#pragma once

#include <cstddef>
#include <string>

namespace attn {

// Call once, first in main. Tiles and pictures need some megabytes for a moment; without this the C
// library gives them back to the system each time, which clears them anew, page by page: a sixth
// of the time of a run. And memory that is new comes in large pages, which take a tenth of the time
// of small ones: that of the main thread, because other threads have heaps of their own, for which
// they call tune_allocator_of_thread. Neither does anything outside of glibc.
void tune_allocator();

// Costs a call of the system the first time that another thread calls it.
void tune_allocator_of_thread();

// Advises the system to give memory that is about to be written in large pages, which takes a
// fraction of the time for large arrays. Only advice: nothing happens where there are none.
void prefer_large_pages(void* memory, std::size_t bytes);

// The memory of this machine in bytes, whatever else uses it; the largest number where it is not
// known.
std::size_t physical_memory();

// Throws Error when this machine has less memory than `bytes`, whatever else uses it: such a size
// is a damaged or a hostile file. `name` is what the message calls the array.
void require_memory(std::size_t bytes, const std::string& name);

}  // namespace attn
