// Where things stand in an output folder. The names are a promise to scripts.
#pragma once

#include <cstddef>
#include <string>

namespace attn::pipeline {

// "layer00"
std::string layer_folder(std::size_t layer);

// "layer00/weights.npy"
std::string array_file(std::size_t layer, const std::string& name);

// Which sequence of a batch a picture shows; single sequences have no prefix.
struct SequenceName {
    std::size_t sequence = 0;
    std::size_t sequences = 1;
};

// "layer00/head03.png", in a batch "layer00/seq01-head03.png"
std::string head_picture(std::size_t layer, std::size_t head, SequenceName sequence);

// "layer00/heads.png"
std::string heads_picture(std::size_t layer, SequenceName sequence);

// "layers.png"
std::string layers_picture(SequenceName sequence);

}  // namespace attn::pipeline
