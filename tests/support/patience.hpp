// Limits of time in tests. What hangs is told from what a busy machine delays.
#pragma once

#include "support/thinned.hpp"

namespace attn::test {

// The seconds that a user of a quiet machine would wait for, for a machine that runs other tests
// beside: twice as many, and twenty times with sanitizers.
constexpr double patient(double seconds) {
    return seconds * (kSanitized ? 20 : 2);
}

}  // namespace attn::test
