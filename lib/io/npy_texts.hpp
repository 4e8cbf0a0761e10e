// Texts in NPY arrays: NumPy's fixed-width 'U' (UCS-4) and 'S' (bytes), as np.array(tokens) makes
// them. They are labels; nothing is computed from them.
#pragma once

#include <string>
#include <vector>

#include "core/span.hpp"
#include "io/container.hpp"
#include "io/npy_header.hpp"

namespace attn::io {

// The texts of an array [count] or [sequences, count], one list a sequence, as UTF-8 without
// NumPy's padding of zeros. `data` is what follows the header; `name` is what messages call it.
// Throws Error for another rank, less data than promised, and what is not Unicode.
std::vector<std::vector<std::string>> parse_npy_texts(const NpyHeader& header,
                                                      Span<const std::byte> data,
                                                      const std::string& name);

// Adds them to the container's texts. Texts that cannot be read go to `unreadable`, so that they do
// not disturb the arrays beside them.
void add_npy_texts(const NpyHeader& header, Span<const std::byte> data, const std::string& name,
                   const std::string& key, Container& container);

}  // namespace attn::io
