// Down to which weight the largest weights of a row are kept: so many of them, or as many as reach
// a mass. Found without sorting the row.
#pragma once

#include <cstddef>

#include "core/span.hpp"

namespace attn::approx {

// All weights above `limit` are kept, and `ties` of those that are equal to it.
struct WeightLimit {
    double limit = 0;
    std::size_t above = 0;  // how many are larger
    std::size_t ties = 0;
};

// The limit of the `count` largest weights, all of which are 0 or more; 0 < count <= size.
WeightLimit limit_of_count(Span<const double> weights, std::size_t count);

// The limit of the fewest largest weights, at least one, whose sum reaches `wanted`; of all weights
// where no sum does. There is at least one weight; `sum` is that of all.
WeightLimit limit_of_mass(Span<const double> weights, double sum, double wanted);

}  // namespace attn::approx
