// Whether many numbers are zero, without a comparison for each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace attn {

// T is float or double; zeros may have a sign. Looks for bits that are set anywhere, but for signs,
// in 32 bytes at a time.
template <class T>
bool are_zeros(const T* cells, std::size_t count) {
    constexpr std::uint64_t kNoSigns = sizeof(T) == 4 ? 0x7fffffff7fffffffU : 0x7fffffffffffffffU;
    constexpr std::size_t kPiece = 32 / sizeof(T);
    std::uint64_t bits = 0;
    for (; count >= kPiece; cells += kPiece, count -= kPiece) {
        std::uint64_t words[4];
        std::memcpy(words, cells, sizeof words);
        bits |= words[0] | words[1] | words[2] | words[3];
    }
    return (bits & kNoSigns) == 0 &&
           std::all_of(cells, cells + count, [](T cell) { return cell == T{0}; });
}

}  // namespace attn
