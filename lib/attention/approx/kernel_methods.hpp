// The methods that work by kernels of features in place of softmax: performer, linear, cosformer.
#pragma once

#include <vector>

#include "attention/approx/method.hpp"

namespace attn::approx {

// One row each, for the table of methods().
std::vector<MethodRow> kernel_methods();

}  // namespace attn::approx
