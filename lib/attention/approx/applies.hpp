// Whether a method applies to what a source holds.
#pragma once

#include <cstddef>
#include <string>

#include "attention/approx/spec.hpp"

namespace attn::approx {

// What a source holds, and how it attends.
struct Circumstances {
    bool inputs = true;        // q, k, v; else weights only
    bool projections = false;  // x and the projection matrices
    bool causal = false;
    bool masked = false;            // by causality, a window, lengths or an array
    bool plain_scores = true;       // no softcap, bias or slopes
    bool contexts = true;           // values are known
    bool gradients = false;         // what contexts mean for an upstream gradient is known
    bool projection_files = false;  // Linformer's E and F were given
    std::size_t cells = 0;          // queries * keys
};

// Why the method does not apply; empty where it does.
std::string why_not(const Spec& spec, const Circumstances& circumstances);

}  // namespace attn::approx
