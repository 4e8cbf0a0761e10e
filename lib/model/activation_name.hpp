// Activations by the names that configurations give them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attention/feed_forward.hpp"

namespace attn::model {

// "gelu_new" and "gelu_pytorch_tanh" are the approximation by tanh, "gelu" is not. Nothing for a
// name that is not computed.
std::optional<Activation> activation_named(const std::string& name);

// "relu", "gelu", "gelu (tanh)", "silu"
std::string describe(Activation activation);

// "gelu", "gelu_new", …
std::vector<std::string> known_activations();

}  // namespace attn::model
