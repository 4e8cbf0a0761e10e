// Reads JSON: number arrays of any depth go straight from the parser into vectors.
#pragma once

#include "io/container.hpp"
#include "io/file_bytes.hpp"

namespace attn::io {

// Fills arrays, texts and settings of the container. Keys are JSON pointers without the first
// slash; a bare array has the key "". Number arrays are float64, arrays of true and false bool.
// An array that is ragged, mixed or holds null goes to `unreadable`, null and an empty list to
// `absent`, and the others are read all the same. Throws Error with the line for bad syntax, NaN
// and numbers beyond float64, and with the place for keys that stand twice and nesting deeper
// than 64.
void parse_json(const FileBytes& file, Container& container);

}  // namespace attn::io
