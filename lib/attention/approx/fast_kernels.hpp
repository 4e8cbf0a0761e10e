// Kernels run for real: sums over keys are kept, so that costs grow with the length only. Under a
// causal mask they are sums over the keys so far (Katharopoulos et al. 2020, section 3.3).
#pragma once

#include <functional>

#include "attention/approx/fast_head.hpp"
#include "attention/approx/options.hpp"

namespace attn::approx {

// φ of some queries or keys, [count, features], or its logarithm.
template <class T>
struct FastFeatures {
    using Make = std::function<void(std::size_t begin, std::size_t count, MatrixView<T> to)>;
    std::size_t count = 0;
    bool logs = false;  // they are exponentiated relative to the largest of each feature so far
    Make queries, keys;
};

// Σ φ(q)·φ(k) v / Σ φ(q)·φ(k) over the keys that each row may attend; a row whose sum is 0 is 0.
template <class T>
void run_features(const FastHead<T>& head, const FastFeatures<T>& features, MatrixView<T> contexts);

// The features of the methods performer (without eps), linear and cosformer; options are theirs.
// Directions are drawn here, once: a model has them.
template <class T>
FastFeatures<T> performer_features(const Options& options, const FastHead<T>& head);
template <class T>
FastFeatures<T> linear_features(const Options& options, const FastHead<T>& head);
template <class T>
FastFeatures<T> cosformer_features(const Options& options, const FastHead<T>& head);

}  // namespace attn::approx
