// How large numbers are, so that one look at many of them tells whether they are finite.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

namespace attn {

// The largest |x|; infinite or NaN where any value is. 0 for none. On the bits, whose order is that
// of the magnitudes with infinity and NaN behind all numbers: no branch for each value.
template <class T>
T largest_magnitude(const T* values, std::size_t count) {
    using Word = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
    static_assert(sizeof(T) == sizeof(Word));
    Word largest = 0;
    for (std::size_t i = 0; i < count; ++i) {
        Word bits;
        std::memcpy(&bits, values + i, sizeof bits);
        bits &= std::numeric_limits<Word>::max();
        largest = bits > largest ? bits : largest;
    }
    T result;
    std::memcpy(&result, &largest, sizeof result);
    return result;
}

// Whether the magnitude is that of a number.
template <class T>
bool is_finite(T magnitude) {
    return magnitude <= std::numeric_limits<T>::max();
}

}  // namespace attn
