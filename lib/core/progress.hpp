// How a long computation tells how far it is.
#pragma once

#include <cstddef>

#include "core/callback.hpp"

namespace attn {

// Called with the work done so far and all of it, from any thread, one call at a time.
using Progress = Callback<std::size_t, std::size_t>;

}  // namespace attn
