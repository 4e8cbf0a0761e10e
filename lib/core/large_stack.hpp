// Room for libraries that put large buffers on the stack, whatever limit the user set on it
// (ulimit -s).
#pragma once

#include <functional>

namespace attn {

// Runs the work on a stack of 1 MiB and waits. What it throws comes out again. Throws Error where
// no thread can be started.
void on_large_stack(const std::function<void()>& work);

}  // namespace attn
