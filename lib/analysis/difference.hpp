// How two matrices of one shape differ.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "core/dtype.hpp"
#include "core/span.hpp"

namespace attn::analysis {

// When two values are close: abs(a - b) <= atol + rtol * abs(b), as in numpy.allclose; equal
// infinities are close, NaN never is.
struct Tolerance {
    double rtol = 1e-5;
    double atol = 1e-6;
};

struct Difference {
    double max_abs = 0;
    double max_rel = 0;  // abs(a - b) / abs(b), where b is not 0
    double max_ulp = 0;  // steps between neighbouring numbers of a type
    double cosine = 1;   // of all values as one vector; NaN when either is zero
    // Mean of KL(a row, b row) in nats; infinite where b lacks a key of a, NaN where a value is
    // negative or NaN.
    double mean_kl = 0;
    std::size_t cells = 0;
    std::size_t differing = 0;  // that are not close
    std::optional<std::pair<std::size_t, std::size_t>>
        first;  // row and column of the first of them
};

// Matrices [rows, columns]. `grain` is the type whose steps are counted: float16, bfloat16, float32
// or float64.
template <class T>
Difference compare(MatrixView<const T> a, MatrixView<const T> b, const Tolerance& tolerance,
                   DType grain);

// Steps of the type between two numbers, a part of a step where one of them is none of the type's.
double ulps(double a, double b, DType grain);

}  // namespace attn::analysis
