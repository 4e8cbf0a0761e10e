// What is in an array, in a few numbers.
#pragma once

#include <cstddef>

#include "core/span.hpp"

namespace attn::analysis {

struct ArraySummary {
    std::size_t count = 0;
    std::size_t nans = 0;
    std::size_t infinities = 0;  // of either sign
    // Over the finite values; meaningless when there are none (finite() == 0).
    double min = 0;
    double mean = 0;
    double max = 0;

    std::size_t finite() const { return count - nans - infinities; }
};

// Sums in double, in the same order whatever the number of threads.
template <class T>
ArraySummary summarise(Span<const T> values);

}  // namespace attn::analysis
