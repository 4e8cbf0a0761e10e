// What another program gave for one layer, out of arrays that may hold all layers, in any order of
// axes.
#pragma once

#include <cstddef>
#include <string>

#include "core/array.hpp"
#include "source/mask_options.hpp"
#include "source/stored_source.hpp"

namespace attn::source {

// The cells [batch, heads, queries, keys] of the layer, where the axes that were named, or else any
// usual reading of the arrays, give as many; otherwise the array as it is: an output, or one that
// does not fit. The first axis of four is layers or batch, whichever fits, and `warn` is told where
// both do. Throws Error where the axes were named and do not fit, and where arrays that are stacked
// hold no such layer.
template <class T>
Array<T> load_observed(io::Inputs& inputs, const ArraySource& source, std::size_t layer,
                       const Shape& cells, const Warn& warn);

// How many layers of those cells the arrays hold, as load_observed reads them; 0 for an array that
// fits no usual reading, such as one of outputs.
std::size_t layers_observed(io::Inputs& inputs, const ArraySource& source, const Shape& cells);

// Whether the arrays hold such cells, as load_observed reads them. Throws no Error.
bool fits_observed(io::Inputs& inputs, const ArraySource& source, const Shape& cells);

// Whether the values lie in a mapped file, as load_observed leaves what needs no change.
template <class T>
bool is_in_file(io::Inputs& inputs, const std::string& name, const Array<T>& values);

// Whether the arrays hold no more than float32.
bool is_single_precision(io::Inputs& inputs, const std::string& name);

}  // namespace attn::source
