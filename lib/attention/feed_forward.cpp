#include "attention/feed_forward.hpp"

#include <algorithm>
#include <cmath>

#include "core/divide_up.hpp"
#include "core/parallel.hpp"

namespace attn {
namespace {

// hidden = activation(gate) * hidden, or activation(hidden) where there is no gate.
template <class T>
Array<T> activate_all(Activation activation, const Array<T>& hidden, const Array<T>& gate) {
    constexpr std::size_t kPiece = 1 << 14;
    std::vector<T> values(hidden.size());
    parallel_for(divide_up(values.size(), kPiece), [&](std::size_t piece) {
        const std::size_t end = std::min(values.size(), (piece + 1) * kPiece);
        for (std::size_t i = piece * kPiece; i < end; ++i) {
            values[i] = gate.empty() ? activate(activation, hidden.data()[i])
                                     : activate(activation, gate.data()[i]) * hidden.data()[i];
        }
    });
    return Array<T>(hidden.shape(), std::move(values));
}

}  // namespace

template <class T>
T activate(Activation activation, T x) {
    switch (activation) {
        case Activation::relu:
            return std::max(x, T{0});
        case Activation::gelu:
            return x * T{0.5} * (T{1} + std::erf(x * static_cast<T>(0.70710678118654752)));
        case Activation::gelu_tanh: {
            const T inner =
                static_cast<T>(0.79788456080286536) * (x + static_cast<T>(0.044715) * x * x * x);
            return x * T{0.5} * (T{1} + std::tanh(inner));
        }
        case Activation::silu:
            break;
    }
    return x / (T{1} + std::exp(-x));
}

template <class T>
Array<T> feed_forward(const Array<T>& x, const FeedForwardWeights<T>& weights) {
    const MatrixOrder order = weights.order;
    const Array<T> hidden = project(x, weights.W_in, weights.b_in, order);
    Array<T> gate;
    if (!weights.W_gate.empty()) gate = project(x, weights.W_gate, weights.b_gate, order);
    return project(activate_all(weights.activation, hidden, gate), weights.W_out, weights.b_out,
                   order);
}

template float activate(Activation, float);
template double activate(Activation, double);
template Array<float> feed_forward(const Array<float>&, const FeedForwardWeights<float>&);
template Array<double> feed_forward(const Array<double>&, const FeedForwardWeights<double>&);

}  // namespace attn
