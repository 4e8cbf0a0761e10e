// --format npz and safetensors: the arrays of a folder in one file.
#pragma once

#include <string>

#include "io/output_folder.hpp"
#include "results/folder_layout.hpp"

namespace attn::results {

// Replaces the staged .npy files directly in `folder` ("layer00", "" for the top) by one
// arrays.npz or arrays.safetensors with the same names; does nothing for ArrayFormat::npy.
void pack_arrays(io::OutputFolder& output, const std::string& folder, ArrayFormat format);

}  // namespace attn::results
