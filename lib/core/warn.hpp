// How a library function tells the user of something without stopping.
#pragma once

#include <functional>
#include <string>

namespace attn {

// Called with one line of text. May be empty.
using Warn = std::function<void(const std::string& text)>;

}  // namespace attn
