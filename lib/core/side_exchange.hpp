// Ranks that exchange bytes while they compute.
#pragma once

#include <functional>

namespace attn {

// Calls `exchange` on a thread of its own while work() goes on here, and returns when both are
// done; where the system gives no thread, work comes first. Throws what they throw. Where work
// fails, stop() is called, by which `exchange` must come to its end without meeting other ranks
// again. What all ranks know (JointError) goes before the error of this one, for nobody is there
// any more to whom it could be told.
void exchange_meanwhile(const std::function<void()>& exchange, const std::function<void()>& work,
                        const std::function<void()>& stop = nullptr);

}  // namespace attn
