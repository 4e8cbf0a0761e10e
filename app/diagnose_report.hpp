// What diagnose says: for people, and as JSON.
#pragma once

#include <string>

#include "console.hpp"
#include "pipeline/diagnose.hpp"

namespace attn::app {

// NaN first, then the verdict with its advice, or where and how the observation differs, then what
// the time (`seconds`) was too short for.
void print_diagnosis(const pipeline::DiagnoseResult& result, double seconds, Console& console);

std::string diagnosis_json(const pipeline::DiagnoseResult& result);

}  // namespace attn::app
