// How gradients change from layer to layer, and what that says about a model.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attention/layer_backward.hpp"

namespace attn::analysis {

// Σ of the squares, in double, in the order of the values.
template <class T>
double sum_of_squares(const Array<T>& array);

// Frobenius norm.
template <class T>
double norm_of(const Array<T>& array);

// The norm of a - b, which have one shape.
template <class T>
double norm_of_difference(const Array<T>& a, const Array<T>& b);

// NaN: does not exist.
struct LayerGradientStats {
    static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

    std::size_t layer = 0;
    double grad_out = kNone;     // norm of the gradient that comes from above
    double grad_in = kNone;      // of the one that is handed down
    double branch_gain = kNone;  // what the layer adds to it: ‖in - out‖ / ‖out‖; of stacks
    // For the matrices and biases that the layer has, in the order W_Q W_K W_V W_O b_Q b_K b_V b_O:
    // norm of the gradient, and for matrices the norm of the matrix.
    struct Named {
        std::string name;
        double gradient = kNone;
        double weight = kNone;
    };
    std::vector<Named> projections;
    bool nonfinite_heads = false;  // a gradient of any head is NaN or infinite

    double gain() const { return grad_in / grad_out; }
    // sqrt(‖dW_Q‖² + ‖dW_K‖²) / ‖dW_V‖: to 0 under rank collapse and saturation (Noci et al. 2022).
    double qk_to_v() const;
};

// What is known of a layer, by the names that JSON and CSV use. What the layer does not have is
// left out; what does not exist is NaN.
std::vector<std::pair<std::string, double>> named_numbers(const LayerGradientStats& layer);

template <class T>
void measure_projections(const ProjectionGradients<T>& gradients,
                         const ProjectionWeights<T>& weights, LayerGradientStats& stats);

struct ModelGradientStats {
    static constexpr double kNone = LayerGradientStats::kNone;

    double depth_gain = kNone;   // ‖dX_0‖ / ‖dX_L‖
    double rate = kNone;         // its L-th root
    double global_norm = kNone;  // of all matrices and biases of all layers (Pascanu et al. 2013)
    double clip_coefficient = kNone;  // min(1, M / (global_norm + 1e-6)), torch's rule
    // "nonfinite" where a norm of any layer is, "vanishing" depth_gain < 1e-3, "exploding" > 1e3.
    std::string verdict = "ok";
};

// From all layers, the one nearest to the input first. `clip` is M. Layers that are not `stacked`
// stand alone: there is no gain over their depth.
ModelGradientStats summarise_layers(const std::vector<LayerGradientStats>& layers,
                                    const std::optional<double>& clip, bool stacked = true);

}  // namespace attn::analysis
