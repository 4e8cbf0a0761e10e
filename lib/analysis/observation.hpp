// What another program produced, and how far it is from what we compute.
#pragma once

#include <cstddef>
#include <vector>

#include "core/array.hpp"

namespace attn::analysis {

enum class Observed { weights, scores, output };

struct Observation {
    Observed kind = Observed::weights;
    // weights and scores [batch, heads, queries, keys]; output [batch, queries, d_model]. In scores
    // -inf and anything below -1e4 is a mask.
    Array<double> values;
};

// With zeros in rows that are NaN altogether: what PyTorch gives where a mask leaves no key.
Array<double> without_nan_rows(const Array<double>& values);

// The residual where only one side masks a cell, or the shapes differ.
constexpr double kNoMatch = 1e6;

// The largest distance of two arrays, where `unit` is one.
double residual(const Array<double>& expected, const Array<double>& observed, double unit);

// The median of the distances, in the same unit, where what is expected is neither zero nor masked.
double typical_residual(const Array<double>& expected, const Array<double>& observed, double unit);

// The largest of the observed numbers where zero is expected.
double largest_on_zeros(const Array<double>& expected, const Array<double>& observed);

// How an observation differs from what is expected.
struct Misfit {
    std::size_t differing = 0;  // numbers farther away than their tolerance
    std::size_t cells = 0;
    // Of the number that is farthest away in tolerances, the first of several:
    Shape place;  // an index for each axis; empty where the shapes differ
    double expected = 0;
    double observed = 0;
};

// `of_zeros` is the tolerance where zero is expected; a row of zeros may be a row of NaN.
Misfit find_misfit(const Array<double>& expected, const Array<double>& observed, double tolerance,
                   double of_zeros);

// 1 for weights; for scores and outputs the largest of their values.
double unit_of(const Observation& observation);

// The median of any numbers, at least one; changes their order.
double median(std::vector<double>& values);

}  // namespace attn::analysis
