// How a library function tells the user of something without stopping.
#pragma once

#include <string>

#include "core/callback.hpp"

namespace attn {

// Called with one line of text.
using Warn = Callback<std::string>;

}  // namespace attn
