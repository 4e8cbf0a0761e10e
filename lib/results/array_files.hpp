// Writes arrays into .npy files of an output folder, with the axes that the input had.
#pragma once

#include <optional>
#include <string>

#include "attention/heads.hpp"
#include "attention/ring.hpp"
#include "attention/share.hpp"
#include "core/array.hpp"
#include "io/output_folder.hpp"

namespace attn::results {

// The tokens that this rank has of so many, where no rank has all (attention/ring).
struct OwnTokens {
    RingTokens runs;
    std::size_t tokens = 0;
};

template <class T>
class ArrayFiles {
  public:
    // The files have a batch axis iff `batch_axis`: a single sequence that came without the axis
    // goes without it. Keeps the folder.
    ArrayFiles(io::OutputFolder& folder, bool batch_axis, std::optional<OwnTokens> own = {})
        : folder_(folder), batch_axis_(batch_axis), own_(own) {}

    // The values under a shape of as many.
    void write(const std::string& name, const Array<T>& array, const Shape& shape) const;

    // An array [batch, …], or of own tokens [batch, tokens of this rank, columns], which go to
    // their places among those of all.
    void write_batch(const std::string& name, const Array<T>& array) const;

    // The chosen heads [(batch,) heads, tokens, width], however they lie in memory.
    void write_heads(const std::string& name, const HeadsView<T>& view,
                     const Chosen& heads = std::nullopt) const;

  private:
    void write_own(const std::string& name, const Array<T>& array) const;

    io::OutputFolder& folder_;
    bool batch_axis_;
    std::optional<OwnTokens> own_;
};

}  // namespace attn::results
