// How layers grow with the number of tokens: attention, its cheaper variants and the recurrent
// layers beside them (Vaswani et al. 2017, table 1).
#pragma once

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attention/approx/method.hpp"
#include "attention/approx/recurrent.hpp"

namespace attn::analysis {

// One kind of layer over all lengths.
struct GrowthRow {
    std::string layer;                     // "attention", "local:window=64", "lstm"
    std::vector<approx::LayerCost> costs;  // one a length
    // The slope of ln FLOPs against ln n, projections included; NaN of one length.
    double exponent = std::numeric_limits<double>::quiet_NaN();
    // One a length, NaN where not measured: errors up to the length of the input, and seconds.
    std::vector<double> errors, times;
    double time_exponent = std::numeric_limits<double>::quiet_NaN();
    std::vector<double> curve;  // FLOPs at the curve_lengths of all rows
    bool is_recurrent = false;
};

struct LayerGrowth {
    std::vector<std::size_t> lengths;        // ascending
    std::size_t input = 0;                   // tokens of the input
    std::vector<std::size_t> curve_lengths;  // many, from the first length to the last
    std::vector<GrowthRow> rows;
    approx::Crossings crossings;  // of attention and an LSTM
};

// A method of the run, with its options and its errors on the first tokens of the input.
struct GrowthMethod {
    std::string spec;
    const approx::MethodRow* method = nullptr;
    approx::Options options;
    std::map<std::size_t, double> errors = {};  // by length
};

// Seconds by the name of the row and the length.
using GrowthTimes = std::map<std::string, std::map<std::size_t, double>>;

// Whether there is a formula for layers of this method: local, linear and performer.
bool grows_by_formula(const approx::MethodRow& method);

// `size`: of the model; its n is that of the input. Methods without a formula are left out.
LayerGrowth grow_layers(const approx::LayerSize& size, std::vector<std::size_t> lengths,
                        const std::vector<GrowthMethod>& methods, const GrowthTimes& times = {});

}  // namespace attn::analysis
