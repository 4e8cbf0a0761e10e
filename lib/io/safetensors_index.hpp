// Checkpoints in several safetensors files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/container.hpp"

namespace attn::io {

// What the index of a folder is called.
inline constexpr const char* kSafetensorsIndex = "model.safetensors.index.json";

// Tensor -> name of its file, as model.safetensors.index.json has it. Throws Error for a damaged
// index and a file outside of its folder.
std::map<std::string, std::string> read_weight_map(const std::string& path);

// What the file model.safetensors.index.json says, {"weight_map": {"name": "file"}}, with the files
// beside it that it names. Throws Error for a damaged index, a file outside of its folder, a file
// that is missing and a tensor that is not where the index puts it.
Container read_safetensors_index(const std::string& path);

// All tensors of one or several files. Throws Error when two of them hold a tensor of one name.
Container join_safetensors(const std::vector<std::string>& paths);

}  // namespace attn::io
