// Where a check found its worst value, in words.
#pragma once

#include <string>

#include "pipeline/check.hpp"

namespace attn::app {

// "layer 0, head 3, query 5, key 7"; with the sequence in a batch.
std::string place_text(const pipeline::CheckPlace& place, bool batch);

}  // namespace attn::app
