// One quantiser for everybody: numbers in a few bits and back, with one scale for each group of
// numbers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "attention/approx/shapes.hpp"
#include "core/matrix.hpp"

namespace attn::approx {

enum class QuantKind { integer, fp8, fp16, bf16, nf4 };

// Which numbers share a scale: a row (token), a column (channel), all (tensor), or whole rows
// (block).
enum class QuantAxis { token, channel, tensor, block };

struct QuantRule {
    QuantKind kind = QuantKind::integer;
    unsigned bits = 8;  // of integers
    bool symmetric = true;
    QuantAxis axis = QuantAxis::token;
    // token: columns; channel, block: rows that share a scale; 0: all (block: 64).
    std::size_t group = 0;
    double outliers = 0;  // this share of each group, rounded down, its largest magnitudes: exact
};

// What the first `rows` rows of a matrix become; the others stay. Integers: s * round(x / s), s =
// max|x| / (2^(bits - 1) - 1), or without symmetry between min and max in 2^bits - 1 steps. fp8
// (e4m3fn): s = max|x| / 448, saturating. fp16, bf16: no scale. nf4: s = max|x|, and the nearest of
// 16 quantiles of a normal distribution (Dettmers et al. 2023, QLoRA), of two the lower. All others
// round half to even; a group whose scale is 0 stays as it is. Outliers have no say in the scale
// (Hooper et al. 2024, KVQuant); of equal magnitudes the first is one.
void quantise(const QuantRule& rule, Matrix<double>& matrix, std::size_t rows);

// How many numbers of so many rows stay exact as outliers.
std::uint64_t outlier_count(const QuantRule& rule, std::size_t rows, std::size_t columns);

// Bytes of rows x columns numbers: theirs rounded down, and 4 for each scale (8 without symmetry).
std::uint64_t quantised_bytes(const QuantRule& rule, std::size_t rows, std::size_t columns);

}  // namespace attn::approx
