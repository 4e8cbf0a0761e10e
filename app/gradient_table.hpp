// What grad prints for people: heads, layers, tokens, and what becomes of them.
#pragma once

#include <string>

#include "console.hpp"
#include "results/gradient_report.hpp"

namespace attn::app {

// A table of heads, one of layers, the tokens with the largest gradients where a logit was asked
// about, and a line for the model.
void print_gradients(const results::GradientReport& report, Console& console);

// "largest relative error 3e-10 of 20 entries, at token 3, column 5: …"
std::string describe(const results::GradientCheck& check);

// A text for the help: every measure with what it means.
std::string describe_gradient_measures();

}  // namespace attn::app
