// What a layer costs as it grows: attention and its variants beside the recurrent layers that they
// replaced (Vaswani et al. 2017, table 1), and those recurrent layers for real, to be timed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "attention/approx/options.hpp"
#include "core/array.hpp"

namespace attn::approx {

struct LayerSize {
    std::size_t n = 0;        // tokens
    std::size_t d_model = 0;  // heads times d_head
    std::size_t heads = 1;
    bool causal = false;
};

// One layer of one length. FLOPs: 2 a multiply-add, projections included; core: without them.
struct LayerCost {
    std::string name;  // "attention", "linear attention", "rnn", …
    std::uint64_t flops = 0;
    std::uint64_t core_flops = 0;
    std::uint64_t sequential_steps = 1;
    std::uint64_t path = 1;   // the longest between two tokens
    std::uint64_t state = 0;  // elements that the next token needs of those before
};

LayerCost attention_layer(const LayerSize& size);
// Local windows with their edges, sinks and dilation; options are those of the method local.
LayerCost local_layer(const LayerSize& size, const Options& options);
LayerCost linear_layer(const LayerSize& size);
LayerCost performer_layer(const LayerSize& size, std::size_t features);

enum class Recurrent { rnn, gru, lstm };
const char* name_of(Recurrent kind);
LayerCost recurrent_layer(Recurrent kind, const LayerSize& size);

// The length from which attention costs more than an LSTM of the same width, without and with the
// projections.
struct Crossings {
    std::size_t core = 0;
    std::size_t layer = 0;
};
Crossings lstm_crossings(const LayerSize& size);

// The slope of ln y against ln x by least squares; NaN of fewer than two lengths. x and y are
// positive.
double growth_exponent(const std::vector<double>& x, const std::vector<double>& y);

// The hidden states [n, d] of a recurrent layer over x [n, d], from zero, without biases; its
// weights are N(0, 1) / sqrt(d) of the seed. GRU and LSTM with the usual gates (Cho et al. 2014;
// Hochreiter and Schmidhuber 1997). Only its time is of interest.
class RecurrentLayer {
  public:
    RecurrentLayer(Recurrent kind, std::size_t d, std::uint64_t seed);

    Array<float> run(MatrixView<const float> x) const;

  private:
    Recurrent kind_;
    std::size_t d_;
    std::vector<float> w_x_;  // [gates * d, d]
    std::vector<float> w_h_;
};

}  // namespace attn::approx
