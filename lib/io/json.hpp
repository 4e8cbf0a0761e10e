// Reads JSON: number arrays of any depth go straight from the parser into vectors.
#pragma once

#include "io/container.hpp"
#include "io/file_bytes.hpp"

namespace attn::io {

// Fills arrays, texts and settings of the container. Keys are JSON pointers without the first
// slash; a bare array has the key "". Number arrays are float64, arrays of true and false bool.
// Throws Error with the line for bad syntax, and with the place for ragged, mixed, empty or null
// values, NaN, numbers beyond float64, keys that stand twice and nesting deeper than 64.
void parse_json(const FileBytes& file, Container& container);

}  // namespace attn::io
