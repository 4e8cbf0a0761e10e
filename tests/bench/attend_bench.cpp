// Times attention with its weights kept in memory, without files: what scripts/bench.sh compares
// with numpy. usage: attn-bench-attend HEADS TOKENS D_HEAD ROUNDS       prints the seconds of each
// round
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "attention/engine.hpp"
#include "support/arrays.hpp"
#include "support/mask.hpp"

namespace {

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
            std::memcpy(to + tile.active.begin, from.data(), from.size() * sizeof(float));
        }
    }

  private:
    attn::LayerShape shape_;
    std::vector<float> weights_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    const auto argument = [&](int i) { return static_cast<std::size_t>(std::atol(argv[i])); };
    const std::size_t heads = argument(1);
    const std::size_t tokens = argument(2);
    const std::size_t width = heads * argument(3);
    const auto q = attn::test::random_array<float>({1, tokens, width}, 1);
    const auto k = attn::test::random_array<float>({1, tokens, width}, 2);
    const auto v = attn::test::random_array<float>({1, tokens, width}, 3);
    attn::AttentionInputs<float> inputs;
    inputs.q = attn::packed_heads(q, heads);
    inputs.k = attn::packed_heads(k, heads);
    inputs.v = attn::packed_heads(v, heads);
    inputs.scale = 0.125F;

    WeightKeeper keeper;
    for (std::size_t round = 0; round < argument(4); ++round) {
        const auto start = std::chrono::steady_clock::now();
        attn::attend(inputs, attn::test::causal_mask<float>(tokens, false), {&keeper});
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
        std::printf("%.6f\n", time.count());
    }
    return 0;
}
