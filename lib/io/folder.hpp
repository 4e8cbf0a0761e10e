// Folders that hold arrays: checkpoints as model hubs lay them out, .npy files side by side, or
// one .npz.
#pragma once

#include <string>

#include "io/container.hpp"

namespace attn::io {

// Opens a folder as described for open_container.
Container read_folder(const std::string& path);

// Reads the config.json in the folder, where there is one, into the container.
void read_config_of_folder(const std::string& folder, Container& container);

}  // namespace attn::io
