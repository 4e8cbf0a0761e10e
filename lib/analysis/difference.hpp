// How two matrices of one shape differ.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "core/byte_text.hpp"
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
    double max_rel = 0;  // abs(a - b) / abs(b); infinite where b alone is 0
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

// The difference of one row: those of a matrix are folded from it.
struct RowDifference {
    double max_abs = 0, max_rel = 0, max_ulp = 0;
    double dot = 0, a_squares = 0, b_squares = 0;  // of finite pairs
    double divergence = 0;
    std::size_t differing = 0;
    std::optional<std::size_t> first;  // column
};

template <class T>
RowDifference compare_rows(Span<const T> a, Span<const T> b, const Tolerance& tolerance,
                           DType grain);

// Folds all rows of a matrix of so many columns, in their order.
Difference fold(const std::vector<RowDifference>& rows, std::size_t columns);

// The difference of one head of one layer and sequence, by the numbers that they are called.
struct HeadDifference {
    std::size_t layer = 0;
    std::size_t sequence = 0;
    std::size_t head = 0;
    Difference values;
};

// For another process, and back.
void save(const Difference& values, ByteWriter& to);
void restore(Difference& values, ByteReader& from);

// Matrices [rows, columns]. `grain` is the type whose steps are counted: float16, bfloat16, float32
// or float64.
template <class T>
Difference compare(MatrixView<const T> a, MatrixView<const T> b, const Tolerance& tolerance,
                   DType grain);

// Steps of the type between two numbers, a part of a step where one of them is none of the type's.
double ulps(double a, double b, DType grain);

}  // namespace attn::analysis
