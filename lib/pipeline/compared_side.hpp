// One of two attentions that are compared: the type of its numbers, and its axes where nobody named
// them.
#pragma once

#include <string>

#include "core/warn.hpp"
#include "io/inputs.hpp"
#include "source/stored_source.hpp"

namespace attn::pipeline {

// The type of the numbers in an array, or in the first of a folder.
DType stored_type(io::Inputs& inputs, const std::string& source);

// The type with the longer steps; integers count as float32.
DType coarser(DType a, DType b);

// Whether the axes of a source are named, or those of a run.
bool knows_axes(io::Inputs& inputs, const source::ArraySource& source);

// Arrays whose axes nobody names have those of what they are compared with, [layers, batch, heads,
// queries, keys], where they fit. `name`: of the other side.
void take_axes(io::Inputs& inputs, source::ArraySource& source, const Shape& extents,
               const std::string& name, const Warn& warn);

// "layer 0, head 1".
std::string head_text(std::size_t layer, std::size_t head);

}  // namespace attn::pipeline
