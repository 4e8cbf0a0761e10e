#include "attention/approx/recurrent.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attention/approx/mask_cells.hpp"
#include "attention/approx/philox.hpp"
#include "attention/blas.hpp"
#include "attention/product_memory.hpp"
#include "core/divide_up.hpp"

namespace attn::approx {
namespace {

std::uint64_t gates_of(Recurrent kind) {
    if (kind == Recurrent::rnn) return 1;
    return kind == Recurrent::gru ? 3 : 4;
}

std::uint64_t projection_flops(const LayerSize& size) {
    return 8 * std::uint64_t{size.n} * size.d_model * size.d_model;
}

std::uint64_t width_of_head(const LayerSize& size) {
    return size.d_model / size.heads;
}

LayerCost with_projections(LayerCost cost, const LayerSize& size) {
    cost.flops = cost.core_flops + projection_flops(size);
    return cost;
}

std::vector<float> random_weights(std::uint64_t seed, std::size_t round, std::size_t rows,
                                  std::size_t d) {
    const RandomStream stream(seed, Purpose::recurrent_weights, 0, 0, round);
    const std::vector<double> drawn = stream.normals(rows * d);
    std::vector<float> weights(drawn.size());
    std::transform(drawn.begin(), drawn.end(), weights.begin(), [&](double x) {
        return static_cast<float>(x / std::sqrt(static_cast<double>(d)));
    });
    return weights;
}

float sigmoid(float x) {
    return 1 / (1 + std::exp(-x));
}

// Gates are stacked: reset, update, new.
void gru_step(const float* x, const float* h, std::size_t d, const float* before, float* after) {
    for (std::size_t c = 0; c < d; ++c) {
        const float reset = sigmoid(x[c] + h[c]);
        const float update = sigmoid(x[d + c] + h[d + c]);
        const float fresh = std::tanh(x[2 * d + c] + reset * h[2 * d + c]);
        after[c] = (1 - update) * fresh + update * before[c];
    }
}

// Gates are stacked: input, forget, cell, output.
void lstm_step(const float* x, const float* h, std::size_t d, float* cell, float* after) {
    for (std::size_t c = 0; c < d; ++c) {
        const float input = sigmoid(x[c] + h[c]);
        const float forget = sigmoid(x[d + c] + h[d + c]);
        const float fresh = std::tanh(x[2 * d + c] + h[2 * d + c]);
        const float output = sigmoid(x[3 * d + c] + h[3 * d + c]);
        cell[c] = forget * cell[c] + input * fresh;
        after[c] = output * std::tanh(cell[c]);
    }
}

}  // namespace

LayerCost attention_layer(const LayerSize& size) {
    const std::uint64_t n = size.n;
    const std::uint64_t cells = size.causal ? n * (n + 1) / 2 : n * n;
    return with_projections({"attention", 0, 4 * cells * size.d_model, 1, 1, 2 * n * size.d_model},
                            size);
}

LayerCost local_layer(const LayerSize& size, const Options& options) {
    const std::uint64_t n = size.n, d = size.d_model, window = options.whole("window");
    const std::uint64_t reach = window * options.whole("dilation");
    const std::uint64_t kept = std::min<std::uint64_t>(n, reach + options.whole("sinks"));
    const std::uint64_t cells = local_cells(options, n, size.causal);
    return with_projections({"local", 0, 4 * cells * d, 1, divide_up(n, reach), 2 * kept * d},
                            size);
}

LayerCost linear_layer(const LayerSize& size) {
    const std::uint64_t n = size.n, d = width_of_head(size);
    return with_projections({"linear attention", 0, size.heads * (4 * n * d * d + 2 * n * d), 1, 1,
                             size.heads * d * (d + 1)},
                            size);
}

LayerCost performer_layer(const LayerSize& size, std::size_t features) {
    const std::uint64_t n = size.n, d = width_of_head(size), m = features;
    const std::uint64_t of_head = 4 * n * d * m + 4 * m * d * n + 2 * n * m;
    return with_projections({"performer", 0, size.heads * of_head, 1, 1, size.heads * m * (d + 1)},
                            size);
}

const char* name_of(Recurrent kind) {
    if (kind == Recurrent::rnn) return "rnn";
    return kind == Recurrent::gru ? "gru" : "lstm";
}

LayerCost recurrent_layer(Recurrent kind, const LayerSize& size) {
    const std::uint64_t n = size.n, d = size.d_model;
    const std::uint64_t flops = 4 * gates_of(kind) * n * d * d;
    return {name_of(kind), flops, flops, n, n, kind == Recurrent::lstm ? 2 * d : d};
}

Crossings lstm_crossings(const LayerSize& size) {
    // 4 n² D, or half of it, against 16 n D², and against the 8 n D² that projections leave of it.
    const std::size_t d = size.d_model;
    return size.causal ? Crossings{8 * d, 4 * d} : Crossings{4 * d, 2 * d};
}

double growth_exponent(const std::vector<double>& x, const std::vector<double>& y) {
    const auto count = static_cast<double>(x.size());
    double mean_x = 0, mean_y = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        mean_x += std::log(x[i]) / count;
        mean_y += std::log(y[i]) / count;
    }
    double across = 0, along = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double away = std::log(x[i]) - mean_x;
        across += away * (std::log(y[i]) - mean_y);
        along += away * away;
    }
    return along > 0 ? across / along : std::numeric_limits<double>::quiet_NaN();
}

RecurrentLayer::RecurrentLayer(Recurrent kind, std::size_t d, std::uint64_t seed)
    : kind_(kind),
      d_(d),
      w_x_(random_weights(seed, 0, gates_of(kind) * d, d)),
      w_h_(random_weights(seed, 1, gates_of(kind) * d, d)) {}

Array<float> RecurrentLayer::run(MatrixView<const float> x) const {
    const std::size_t gates = gates_of(kind_);
    const std::size_t width = gates * d_;
    const ProductMemory memory;
    std::vector<float> inputs(x.rows * width);
    multiply_transposed(1.0F, x, MatrixView<const float>(w_x_.data(), width, d_),
                        MatrixView<float>(inputs.data(), x.rows, width));
    std::vector<float> states(x.rows * d_), of_state(width), cell(d_);
    std::vector<float> before(d_);
    for (std::size_t t = 0; t < x.rows; ++t) {
        multiply_transposed(1.0F, MatrixView<const float>(before.data(), 1, d_),
                            MatrixView<const float>(w_h_.data(), width, d_),
                            MatrixView<float>(of_state.data(), 1, width));
        const float* input = inputs.data() + t * width;
        float* after = states.data() + t * d_;
        if (kind_ == Recurrent::gru) {
            gru_step(input, of_state.data(), d_, before.data(), after);
        } else if (kind_ == Recurrent::lstm) {
            lstm_step(input, of_state.data(), d_, cell.data(), after);
        } else {
            for (std::size_t c = 0; c < d_; ++c) after[c] = std::tanh(input[c] + of_state[c]);
        }
        std::copy(after, after + d_, before.begin());
    }
    return {{x.rows, d_}, std::move(states)};
}

}  // namespace attn::approx
