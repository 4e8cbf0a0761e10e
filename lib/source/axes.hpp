// The axes of arrays that others saved: what they are called on the command line, which ones an
// array is taken to have when nobody names them, and how to bring them into our order.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/array.hpp"

namespace attn::source {

enum class Axis { layers, batch, heads, queries, keys };

using Axes = std::vector<Axis>;  // outermost first

// Reads "batch,heads,q,k". Throws Error for a name that is none, a name given twice, and where q or
// k is missing; `flag` is what the message calls the list.
Axes parse_axes(const std::string& names, const std::string& flag);

// "batch,heads,q,k", as the command line takes it.
std::string names_of(const Axes& axes);

// "[batch, heads, q, k]", as shapes are written.
std::string bracketed(const Axes& axes);

// What attention of so many axes is taken for: [q, k], [heads, q, k], [layers, heads, q, k],
// [layers, batch, heads, q, k]; nothing for other ranks.
std::optional<Axes> usual_axes(std::size_t rank);

// Another reading of an array of the shape that is as plausible as the usual one and would give
// other results; nothing where there is none. An axis of length 1 may be called anything.
std::optional<Axes> other_reading(const Shape& shape);

// Where the axis stands; nothing where the array has none.
std::optional<std::size_t> place_of(const Axes& axes, Axis axis);

// A copy whose axis i is axis order[i] of the array. T is float or double.
template <class T>
Array<T> permuted(const Array<T>& array, const std::vector<std::size_t>& order);

}  // namespace attn::source
