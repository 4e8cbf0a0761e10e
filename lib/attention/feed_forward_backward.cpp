#include "attention/feed_forward_backward.hpp"

#include <algorithm>
#include <cmath>

#include "attention/block.hpp"
#include "attention/projection_backward.hpp"
#include "core/divide_up.hpp"
#include "core/parallel.hpp"

namespace attn {
namespace {

// Calls make(i) for each value, on all threads.
template <class T, class Make>
Array<T> made_of(const Shape& shape, const Make& make) {
    constexpr std::size_t kPiece = 1 << 14;
    std::vector<T> values(element_count(shape, "gradient"));
    parallel_for(divide_up(values.size(), kPiece), [&](std::size_t piece) {
        const std::size_t end = std::min(values.size(), (piece + 1) * kPiece);
        for (std::size_t i = piece * kPiece; i < end; ++i) values[i] = make(i);
    });
    return Array<T>(shape, std::move(values));
}

}  // namespace

template <class T>
T activation_slope(Activation activation, T x) {
    switch (activation) {
        case Activation::relu:
            return x > T{0} ? T{1} : T{0};
        case Activation::gelu: {
            // Φ(x) + x φ(x)
            const T area = T{0.5} * (T{1} + std::erf(x * static_cast<T>(0.70710678118654752)));
            return area + x * static_cast<T>(0.39894228040143268) * std::exp(-x * x / T{2});
        }
        case Activation::gelu_tanh: {
            const auto factor = static_cast<T>(0.79788456080286536);
            const auto cubic = static_cast<T>(0.044715);
            const T tanh = std::tanh(factor * (x + cubic * x * x * x));
            const T inner = factor * (T{1} + T{3} * cubic * x * x);
            return T{0.5} * (T{1} + tanh) + T{0.5} * x * (T{1} - tanh) * (T{1} + tanh) * inner;
        }
        case Activation::silu:
            break;
    }
    const T sigmoid = T{1} / (T{1} + std::exp(-x));
    return sigmoid * (T{1} + x * (T{1} - sigmoid));
}

template <class T>
Array<T> feed_forward_backward(const Array<T>& x, const FeedForwardWeights<T>& w,
                               const Array<T>& dy) {
    const Array<T> in = project(x, w.W_in, w.b_in, w.order);
    const Array<T> d_hidden = project_back(dy, w.W_out, w.order);
    const T* const d = d_hidden.data();
    if (w.W_gate.empty()) {
        const Array<T> d_in = made_of<T>(in.shape(), [&](std::size_t i) {
            return d[i] * activation_slope(w.activation, in.data()[i]);
        });
        return project_back(d_in, w.W_in, w.order);
    }
    const Array<T> gate = project(x, w.W_gate, w.b_gate, w.order);
    const Array<T> d_in = made_of<T>(
        in.shape(), [&](std::size_t i) { return d[i] * activate(w.activation, gate.data()[i]); });
    const Array<T> d_gate = made_of<T>(in.shape(), [&](std::size_t i) {
        return d[i] * in.data()[i] * activation_slope(w.activation, gate.data()[i]);
    });
    return add(project_back(d_in, w.W_in, w.order), project_back(d_gate, w.W_gate, w.order));
}

template float activation_slope(Activation, float);
template double activation_slope(Activation, double);
template Array<float> feed_forward_backward(const Array<float>&, const FeedForwardWeights<float>&,
                                            const Array<float>&);
template Array<double> feed_forward_backward(const Array<double>&,
                                             const FeedForwardWeights<double>&,
                                             const Array<double>&);

}  // namespace attn
