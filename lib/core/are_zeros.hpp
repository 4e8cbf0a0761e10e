// Whether many numbers are zero, without a comparison for each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace attn {

// T is float or double; zeros may have a sign. Looks for bits that are set anywhere, but for signs,
// in 64 bytes at a time, which fill registers side by side.
template <class T>
bool are_zeros(const T* cells, std::size_t count) {
    constexpr std::uint64_t kNoSigns = sizeof(T) == 4 ? 0x7fffffff7fffffffU : 0x7fffffffffffffffU;
    constexpr std::size_t kWords = 8;
    constexpr std::size_t kPiece = kWords * sizeof(std::uint64_t) / sizeof(T);
    std::uint64_t bits[kWords] = {};
    for (; count >= kPiece; cells += kPiece, count -= kPiece) {
        std::uint64_t words[kWords];
        std::memcpy(words, cells, sizeof words);
        for (std::size_t i = 0; i < kWords; ++i) bits[i] |= words[i];
    }
    std::uint64_t any = 0;
    for (const std::uint64_t some : bits) any |= some;
    return (any & kNoSigns) == 0 &&
           std::all_of(cells, cells + count, [](T cell) { return cell == T{0}; });
}

}  // namespace attn
