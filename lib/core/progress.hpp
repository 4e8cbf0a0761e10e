// How a long computation tells how far it is.
#pragma once

#include <cstddef>
#include <functional>

namespace attn {

// Called with the work done so far and all of it, from any thread, one call at a time. May be
// empty.
using Progress = std::function<void(std::size_t done, std::size_t total)>;

}  // namespace attn
