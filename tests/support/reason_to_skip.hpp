// Why the tests of a program cannot run here: CTest then reports each of them as skipped.
#pragma once

#include <string>

namespace attn::test {

// Empty where they can. Every test program has its own.
std::string reason_to_skip();

}  // namespace attn::test
