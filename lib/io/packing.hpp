// Several .npy files as one file, for who wants one file.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "io/output_path.hpp"

namespace attn::io {

// Write `target` from the files, each under its name; they are not held in memory. The files must
// be as NpyWriter makes them. The same files give the same bytes. Throw Error on any failure of the
// system and for a name that stands twice.
//
// NPZ: members stored as they are, with the date 1980-01-01, as numpy.savez writes them.
void pack_npz(const OutputPath& target,
              const std::vector<std::pair<std::string, OutputPath>>& npy_files);

// safetensors: wide types first and names in order, so that all data is aligned.
void pack_safetensors(const OutputPath& target,
                      const std::vector<std::pair<std::string, OutputPath>>& npy_files);

}  // namespace attn::io
