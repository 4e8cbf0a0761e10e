#include "attention/approx/recurrent.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace attn;
using namespace attn::approx;

namespace {

Options window_of(double window, double sinks = 0) {
    Options options;
    options.set("window", window);
    options.set("sinks", sinks);
    options.set("dilation", 1.0);
    return options;
}

}  // namespace

TEST_CASE("attention grows with the square of the length and a recurrent layer with the length") {
    std::vector<double> lengths, attention, local, lstm;
    for (const std::size_t n : {4096, 8192, 16384}) {
        const LayerSize size{n, 64, 4, false};
        lengths.push_back(static_cast<double>(n));
        attention.push_back(static_cast<double>(attention_layer(size).core_flops));
        local.push_back(static_cast<double>(local_layer(size, window_of(8)).flops));
        lstm.push_back(static_cast<double>(recurrent_layer(Recurrent::lstm, size).flops));
    }
    CHECK(growth_exponent(lengths, attention) == Approx(2));
    CHECK(growth_exponent(lengths, local) == Approx(1).margin(1e-4));
    CHECK(growth_exponent(lengths, lstm) == Approx(1));
    CHECK(std::isnan(growth_exponent({5}, {7})));
}

TEST_CASE("attention costs as much as an LSTM where crossings say") {
    for (const bool causal : {false, true}) {
        LayerSize size{0, 64, 4, causal};
        const Crossings crossings = lstm_crossings(size);
        const auto costs = [&](std::size_t n) {
            size.n = n;
            return std::pair(attention_layer(size), recurrent_layer(Recurrent::lstm, size));
        };
        const auto [a, b] = costs(crossings.core);
        CHECK(static_cast<double>(a.core_flops) / static_cast<double>(b.flops) ==
              Approx(1).epsilon(0.01));
        const auto [c, d] = costs(crossings.layer);
        CHECK(static_cast<double>(c.flops) / static_cast<double>(d.flops) ==
              Approx(1).epsilon(0.01));
    }
}

TEST_CASE("costs of one layer of 512 tokens") {
    const LayerSize size{512, 768, 12, true};
    CHECK(attention_layer(size).flops == 2819358720);
    CHECK(linear_layer(size).flops == 2517368832);
    CHECK(recurrent_layer(Recurrent::gru, size).flops == 3623878656);
    CHECK(recurrent_layer(Recurrent::lstm, size).state == 1536);
    CHECK(local_layer(size, window_of(100)).path == 6);
    // 100 rows with fewer keys than the window, and four keys that all later rows see.
    CHECK(local_layer(size, window_of(100)).core_flops == 4 * (100 * 101 / 2 + 412 * 100) * 768);
    CHECK(local_layer(size, window_of(100, 4)).core_flops ==
          4 * (100 * 101 / 2 + 412 * 100 + 1 + 2 + 3 + 409 * 4) * 768);
    CHECK(local_layer(size, window_of(100, 4)).state == 2 * 104 * 768);
    CHECK(local_layer(size, window_of(1000)).core_flops == attention_layer(size).core_flops);
    CHECK(performer_layer(size, 64).state == 12 * 64 * 65);
}

TEST_CASE("recurrent layers run step by step from zero") {
    const std::vector<float> zero(6, 0), some{1, -2, 0.5F, 3, 1, -1};
    for (const Recurrent kind : {Recurrent::rnn, Recurrent::gru, Recurrent::lstm}) {
        CAPTURE(name_of(kind));
        const RecurrentLayer layer(kind, 2, 0);
        const Array<float> still = layer.run({zero.data(), 3, 2});
        for (const float x : still.values()) CHECK(x == 0);
        const Array<float> whole = layer.run({some.data(), 3, 2});
        const Array<float> begin = layer.run({some.data(), 2, 2});
        CHECK(whole.data()[3] == begin.data()[3]);  // later tokens change nothing
        for (const float x : whole.values()) CHECK(std::abs(x) < 1);
        CHECK(whole.data()[4] != 0);
    }
}
