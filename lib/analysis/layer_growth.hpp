// How layers grow with the number of tokens: attention, its cheaper variants and the recurrent
// layers beside them (Vaswani et al. 2017, table 1).
#pragma once

#include <limits>
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
    double error = std::numeric_limits<double>::quiet_NaN();  // at the length of the input
    bool is_recurrent = false;
};

struct LayerGrowth {
    std::vector<std::size_t> lengths;  // ascending
    std::size_t input = 0;             // tokens of the input
    std::vector<GrowthRow> rows;
    approx::Crossings crossings;  // of attention and an LSTM
};

// A method of the run, with its options and its error on the input.
struct GrowthMethod {
    std::string spec;
    const approx::MethodRow* method = nullptr;
    approx::Options options;
    double error = std::numeric_limits<double>::quiet_NaN();
};

// Whether there is a formula for layers of this method: local, linear and performer.
bool grows_by_formula(const approx::MethodRow& method);

// `size`: of the model; its n is that of the input. Methods without a formula are left out.
LayerGrowth grow_layers(const approx::LayerSize& size, std::vector<std::size_t> lengths,
                        const std::vector<GrowthMethod>& methods);

}  // namespace attn::analysis
