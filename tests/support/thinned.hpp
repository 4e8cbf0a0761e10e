// Tests that walk over thousands of values: the release build tries them all, a build with
// sanitizers, which is ten times slower, one of so many.
#pragma once

#include <cstddef>

namespace attn::test {

#if defined(ATTN_SANITIZED)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Whether the value with this number takes part. Numbers that run on over several lists of values
// let each value have its turn, where `of` does not divide the length of a list.
inline bool takes_part(std::size_t number, std::size_t of) {
    return !kSanitized || number % of == 0;
}

}  // namespace attn::test
