// Which axes a mask or a bias has: missing axes are those in front, as in NumPy, but [batch, keys]
// and the like are common, too, and sometimes both fit.
#pragma once

#include <string>
#include <vector>

#include "attention/broadcast.hpp"
#include "core/warn.hpp"

namespace attn::source {

// Another reading of a shape.
struct AxesReading {
    std::string axes;  // "[batch, keys]"
    Shape whole;       // the same array with all four axes: [2, 1, 1, 8]
};

// Readings that fit the sizes, beside that of the missing axes in front. `short_keys`: the key axis
// may be shorter than there are keys.
std::vector<AxesReading> other_readings(const Shape& shape, const AttentionSizes& sizes,
                                        bool short_keys);

// Values for [batch, heads, queries, keys]. Warns where another reading fits, too, and gives other
// numbers. Throws Error for a shape that does not fit, with the one that would.
template <class T>
Broadcast<T> spread(const Array<T>& values, const AttentionSizes& sizes, const std::string& name,
                    const std::string& flag, const Warn& warn);

}  // namespace attn::source
