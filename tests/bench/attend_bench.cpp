// Times attention without files: what scripts/bench.sh compares with numpy, and with itself.
// usage: attn-bench-attend HEADS TOKENS D_HEAD ROUNDS [full|causal|WINDOW] [keep|stream]
// WINDOW: causal, this many keys before each query; keep: all weights in memory; stream: each tile
// only while it is hot. Prints the seconds of each round.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "attention/engine.hpp"
#include "core/memory.hpp"
#include "support/arrays.hpp"

namespace {

// Copies to memory that is not read again soon, without reading it first.
void copy_past_cache(const float* from, std::size_t size, float* to) {
    std::size_t i = 0;
#ifdef __SSE2__
    for (; i < size && reinterpret_cast<std::uintptr_t>(to + i) % 16 != 0; ++i) to[i] = from[i];
    for (; i + 4 <= size; i += 4) _mm_stream_ps(to + i, _mm_loadu_ps(from + i));
#endif
    for (; i < size; ++i) to[i] = from[i];
}

// Puts every tile's weights where they belong in one large array.
class WeightKeeper : public attn::Sink<float> {
  public:
    void begin_layer(const attn::LayerShape& shape) override {
        shape_ = shape;
        weights_.resize(shape.heads * shape.queries * shape.keys);
    }

    void consume(const attn::Tile<float>& tile) override {
        float* to = weights_.data() + (tile.head * shape_.queries + tile.first_query) * shape_.keys;
        for (std::size_t row = 0; row < tile.rows(); ++row, to += shape_.keys) {
            const auto from = tile.weights.row(row);
            copy_past_cache(from.data(), from.size(), to + tile.active.begin);
        }
    }

  private:
    attn::LayerShape shape_;
    std::vector<float> weights_;
};

}  // namespace

int main(int argc, char** argv) {
    attn::tune_allocator();
    if (argc < 5) return 2;
    const auto argument = [&](int i) { return static_cast<std::size_t>(std::atol(argv[i])); };
    const std::size_t heads = argument(1);
    const std::size_t tokens = argument(2);
    const std::size_t width = heads * argument(3);
    const std::string area = argc > 5 ? argv[5] : "full";
    const bool keep = argc <= 6 || std::string(argv[6]) == "keep";
    const auto q = attn::test::random_array<float>({1, tokens, width}, 1);
    const auto k = attn::test::random_array<float>({1, tokens, width}, 2);
    const auto v = attn::test::random_array<float>({1, tokens, width}, 3);
    attn::AttentionInputs<float> inputs;
    inputs.q = attn::packed_heads(q, heads);
    inputs.k = attn::packed_heads(k, heads);
    inputs.v = attn::packed_heads(v, heads);
    inputs.scale = 0.125F;
    attn::MaskOptions<float> options;
    options.structure.causal = area != "full";
    if (area != "full" && area != "causal") options.structure.window_left = argument(5);
    const attn::Mask<float> mask(options, tokens);

    WeightKeeper keeper;
    const attn::Sinks<float> sinks = keep ? attn::Sinks<float>{&keeper} : attn::Sinks<float>{};
    for (std::size_t round = 0; round < argument(4); ++round) {
        const auto start = std::chrono::steady_clock::now();
        attn::attend(inputs, mask, sinks);
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
        std::printf("%.6f\n", time.count());
    }
    return 0;
}
