// Names of arrays in a checkpoint: modules with dots between them, "h.0.attn.c_attn.weight".
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace attn::model {

bool contains(const std::string& text, const std::string& part);

// "h", "0", "attn", "c_attn", "weight"
std::vector<std::string> components(const std::string& name);

// A name inside a layer: "net.h.3.ln_1.weight" -> "net.", 3, "ln_1.weight".
struct NameInLayer {
    std::string before;
    std::size_t layer = 0;
    std::string name;
};

// Each way to read `name` as one of a layer of the pattern "h.{}.", from the left.
std::vector<NameInLayer> readings_in_layer(const std::string& name, const std::string& pattern);

}  // namespace attn::model
