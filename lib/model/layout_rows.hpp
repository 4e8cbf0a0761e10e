// The rows of the table of families, by kind; layouts.cpp puts them together.
#pragma once

#include <vector>

#include "model/layout.hpp"

namespace attn::model {

std::vector<Layout> decoder_layouts();
std::vector<Layout> encoder_layouts();

}  // namespace attn::model
