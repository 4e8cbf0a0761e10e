// What diagnose says to people.
#pragma once

#include "console.hpp"
#include "pipeline/diagnose.hpp"

namespace attn::app {

// NaN first, then the verdict with its advice, or where and how the observation differs, then what
// the time (`seconds`) was too short for.
void print_diagnosis(const pipeline::DiagnoseResult& result, double seconds, Console& console);

}  // namespace attn::app
