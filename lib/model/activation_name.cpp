#include "model/activation_name.hpp"

#include <map>

namespace attn::model {
namespace {

const std::map<std::string, Activation>& names() {
    static const std::map<std::string, Activation> table{
        {"relu", Activation::relu},
        {"gelu", Activation::gelu},
        {"gelu_python", Activation::gelu},
        {"gelu_new", Activation::gelu_tanh},
        {"gelu_fast", Activation::gelu_tanh},
        {"gelu_tanh", Activation::gelu_tanh},
        {"gelu_pytorch_tanh", Activation::gelu_tanh},
        {"silu", Activation::silu},
        {"swish", Activation::silu},
    };
    return table;
}

}  // namespace

std::optional<Activation> activation_named(const std::string& name) {
    const auto found = names().find(name);
    return found == names().end() ? std::nullopt : std::optional(found->second);
}

std::string describe(Activation activation) {
    switch (activation) {
        case Activation::relu:
            return "relu";
        case Activation::gelu:
            return "gelu";
        case Activation::gelu_tanh:
            return "gelu (tanh)";
        case Activation::silu:
            break;
    }
    return "silu";
}

std::vector<std::string> known_activations() {
    std::vector<std::string> list;
    for (const auto& [name, activation] : names()) list.push_back(name);
    return list;
}

}  // namespace attn::model
