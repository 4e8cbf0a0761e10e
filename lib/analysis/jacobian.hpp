// How much gradient a row of softmax lets through: size and largest eigenvalue of its Jacobian
// J = diag(p) - p pᵀ, in a form that stays right where one weight is all but 1.
#pragma once

#include <cstddef>

#include "core/span.hpp"

namespace attn::analysis {

struct Jacobian {
    double norm = 0;      // Frobenius
    double trace = 0;     // Σ p - Σ p²: 0 one-hot, 1 - 1/m uniform (Gini-Simpson)
    double spectral = 0;  // the largest eigenvalue, at most 1/2; 0 unless asked for
    double largest = 0;   // weight
};

// From a row of weights [keys], masked ones 0, and from what a sink takes (0: no sink).
// With a the largest weight, r the others and δ = Σ r + sink, which is 1 - a and never computed as
// a difference: ‖J‖² = (aδ)² + Σ r²(1-r)² + 2a²Σr² + (Σr²)² - Σr⁴.
template <class T>
Jacobian measure_jacobian(Span<const T> weights, double sink, bool spectral);

}  // namespace attn::analysis
