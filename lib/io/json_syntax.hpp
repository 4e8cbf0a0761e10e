// What the readers of JSON have in common: how they tell where the text is broken.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace attn::io {

// Arrays and objects inside one another; more is a hostile file, and would exhaust the stack.
constexpr std::size_t kMaxJsonDepth = 64;

// Throws the Error for JSON that ceases to be valid at the position: "run.json:2:5: is not valid
// JSON". `too_large` says that a number there fits into no float64.
[[noreturn]] void refuse_json(const std::string& path, std::string_view text, std::size_t position,
                              bool too_large);

}  // namespace attn::io
