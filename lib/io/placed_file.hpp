// A file whose bytes arrive at any place and from several threads, as a value; and the way in which
// the system makes one. Other ways come from elsewhere (lib/cluster: MPI).
#pragma once

#include <cstddef>
#include <functional>

namespace attn::io {

struct OutputPath;

// Whether several processes make the same file at once, each with bytes of its own.
enum class Makers { one, several };

struct PlacedFile {
    // Puts so many bytes at an offset. Threads may call it at once for places that do not overlap.
    // Throws Error on any failure, as does close.
    std::function<void(std::size_t offset, const char* bytes, std::size_t count)> write;
    // Says what the end of the object could not; called once, when all is written.
    std::function<void()> close;
};

// Creates the file at its full size, all zeros, without writing them; of several makers, what
// others wrote already stays. Throws Error.
using OpenPlacedFile =
    std::function<PlacedFile(const OutputPath& path, std::size_t size, Makers makers)>;

// By pwrite.
PlacedFile open_placed_file(const OutputPath& path, std::size_t size, Makers makers);

}  // namespace attn::io
