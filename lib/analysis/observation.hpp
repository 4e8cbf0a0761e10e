// What another program produced, and how far it is from what we compute.
#pragma once

#include "core/array.hpp"

namespace attn::analysis {

enum class Observed { weights, scores, output };

struct Observation {
    Observed kind = Observed::weights;
    // weights and scores [batch, heads, queries, keys]; output [batch, queries, d_model]. In scores
    // -inf and anything below -1e4 is a mask.
    Array<double> values;
};

// The residual where only one side masks a cell, or the shapes differ.
constexpr double kNoMatch = 1e6;

// The largest distance of two arrays, where `unit` is one.
double residual(const Array<double>& expected, const Array<double>& observed, double unit);

// 1 for weights; for scores and outputs the largest of their values.
double unit_of(const Observation& observation);

// The median of any numbers, at least one; changes their order.
double median(std::vector<double>& values);

}  // namespace attn::analysis
