// Points in a plane whose distances are as near as can be to given ones.
#pragma once

#include <array>
#include <vector>

#include "core/array.hpp"

namespace attn::analysis {

// Classical multidimensional scaling (Torgerson 1952) of a symmetric matrix of distances [n, n].
// The points lie around the origin, widest along the first axis; on each axis the largest
// coordinate is positive, the first where several are as large. Distances that are not finite have
// no points: NaN.
std::vector<std::array<double, 2>> place_in_plane(const Array<double>& distances);

}  // namespace attn::analysis
