// Linformer (Wang et al. 2020) and Nyströmformer (Xiong et al. 2021): attention through a few mixed
// keys. Neither has a causal form: every mixture holds keys of the future.
#pragma once

#include "attention/approx/shapes.hpp"
#include "core/matrix.hpp"

namespace attn::approx {

// [rows, keys] each. softmax(scale q (E k)ᵀ + log_sizes) · F is what stands for the weights.
struct LinformerProjections {
    Matrix<double> keys;            // E
    Matrix<double> values;          // F
    std::vector<double> log_sizes;  // [rows], added to the scores; empty: 0
};

// gaussian: numbers N(0, 1) / sqrt(k). share: F is E.
LinformerProjections gaussian_projections(std::size_t k, bool share, std::uint64_t seed,
                                          const HeadInput& head);
// Means over k segments of the keys, with the logarithms of how many keys are in each.
LinformerProjections pooled_projections(std::size_t k, std::size_t keys);

// As the options of linformer say, but for projection=jl. With projection=file the first columns of
// the options' matrices "e" and "f".
LinformerProjections linformer_projections(const Options& options, const HeadInput& head);

Factors linformer(const LinformerProjections& projections, const HeadInput& head);

// Options: k, projection (gaussian, pool, jl, file), share, seed. jl: W RᵀR with R as E, what
// theorem 1 of the paper bounds.
Factors linformer(const Options& options, const HeadInput& head);

// Steps towards the pseudo-inverse; 0: the exact one ("exact"). Throws Error for other words.
// Options: iterations.
std::size_t nystrom_iterations(const Options& options);

// The inverse of softmax(scale q̃ k̃ᵀ) that nystrom multiplies by: so many steps towards it, or with
// 0 the exact pseudo-inverse.
Matrix<double> landmark_inverse(const Matrix<double>& b, std::size_t iterations);

// Options: landmarks, iterations. The exact pseudo-inverse is without singular values below 1e-15
// of the largest; the residual is that of the pseudo-inverse.
Factors nystrom(const Options& options, const HeadInput& head);

}  // namespace attn::approx
