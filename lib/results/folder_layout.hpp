// Where things stand in an output folder. The names are a promise to scripts.
#pragma once

#include <cstddef>
#include <string>

namespace attn::results {

// "layer00"
std::string layer_folder(std::size_t layer);

// How the arrays of a folder are kept: each in a file, or all in one, arrays.npz or
// arrays.safetensors.
enum class ArrayFormat { npy, npz, safetensors };

// "npy", "npz", "safetensors"
std::string name_of(ArrayFormat format);

// "layer00/weights.npy"
std::string array_file(std::size_t layer, const std::string& name);

// The same array by the name that reads it back: "layer00/arrays.npz:weights".
std::string array_name(std::size_t layer, const std::string& name, ArrayFormat format);

// Which sequence of a batch a picture shows; single sequences have no prefix.
struct SequenceName {
    std::size_t sequence = 0;
    std::size_t sequences = 1;
};

// "layer00/head03.png", in a batch "layer00/seq01-head03.png"
std::string head_picture(std::size_t layer, std::size_t head, SequenceName sequence,
                         const std::string& format = "png");

// "layer00/heads.png"
std::string heads_picture(std::size_t layer, SequenceName sequence,
                          const std::string& format = "png");

// "layers.png"
std::string layers_picture(SequenceName sequence, const std::string& format = "png");

// "rollout.png", in a batch "seq01-rollout.png"
std::string named_picture(const std::string& name, SequenceName sequence,
                          const std::string& format = "png");

}  // namespace attn::results
