#include "results/folder_layout.hpp"

namespace attn::results {
namespace {

std::string two_digits(std::size_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

std::string prefix(SequenceName name) {
    return name.sequences > 1 ? "seq" + two_digits(name.sequence) + "-" : "";
}

}  // namespace

std::string layer_folder(std::size_t layer) {
    return "layer" + two_digits(layer);
}

std::string array_file(std::size_t layer, const std::string& name) {
    return layer_folder(layer) + "/" + name + ".npy";
}

std::string name_of(ArrayFormat format) {
    switch (format) {
        case ArrayFormat::npz:
            return "npz";
        case ArrayFormat::safetensors:
            return "safetensors";
        case ArrayFormat::npy:
            break;
    }
    return "npy";
}

std::string array_name(std::size_t layer, const std::string& name, ArrayFormat format) {
    if (format == ArrayFormat::npy) return array_file(layer, name);
    return layer_folder(layer) + "/arrays." + name_of(format) + ":" + name;
}

std::string head_picture(std::size_t layer, std::size_t head, SequenceName sequence,
                         const std::string& format) {
    return layer_folder(layer) + "/" + prefix(sequence) + "head" + two_digits(head) + "." + format;
}

std::string heads_picture(std::size_t layer, SequenceName sequence, const std::string& format) {
    return layer_folder(layer) + "/" + prefix(sequence) + "heads." + format;
}

std::string layers_picture(SequenceName sequence, const std::string& format) {
    return prefix(sequence) + "layers." + format;
}

std::string named_picture(const std::string& name, SequenceName sequence,
                          const std::string& format) {
    return prefix(sequence) + name + "." + format;
}

}  // namespace attn::results
