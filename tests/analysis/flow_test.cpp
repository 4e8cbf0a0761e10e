#include "analysis/flow.hpp"

#include <catch2/catch.hpp>
#include <random>

using namespace attn;
using namespace attn::analysis;

namespace {

// Random rows that sum to one, causal or not.
std::vector<double> random_weights(std::size_t tokens, bool causal, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> uniform(0, 1);
    std::vector<double> cells(tokens * tokens);
    for (std::size_t query = 0; query < tokens; ++query) {
        double sum = 0;
        for (std::size_t key = 0; key < (causal ? query + 1 : tokens); ++key)
            sum += cells[query * tokens + key] = uniform(random);
        for (std::size_t key = 0; key < tokens; ++key) cells[query * tokens + key] /= sum;
    }
    return cells;
}

// Layers as they are, without a residual.
class Layers {
  public:
    Layers(std::size_t tokens, std::size_t layers, bool causal)
        : tokens_(tokens), mask_(MaskOptions<double>(), tokens) {
        for (unsigned i = 0; i < layers; ++i) cells_.push_back(random_weights(tokens, causal, i));
    }

    const std::vector<double>& cells(std::size_t layer) const { return cells_[layer]; }
    double cell(std::size_t layer, std::size_t query, std::size_t key) const {
        return cells_[layer][query * tokens_ + key];
    }

    FlowGraph graph() const {
        FlowGraph graph(tokens_);
        for (const std::vector<double>& cells : cells_) {
            LayerHeads<double> heads;
            heads.weights.push_back({cells.data(), tokens_, tokens_});
            heads.places = heads.numbers = {0};
            heads.mask = &mask_;
            RolloutOptions options;
            options.residual = 0;
            graph.add_layer(FusedLayer<double>(heads, options));
        }
        return graph;
    }

  private:
    std::size_t tokens_;
    Mask<double> mask_;
    std::vector<std::vector<double>> cells_;
};

// The least cut, by trying every set of inner nodes: what the largest flow is as well.
double least_cut(const Layers& layers, std::size_t tokens, std::size_t depth, std::size_t target,
                 std::size_t source) {
    const std::size_t inner = (depth - 1) * tokens;
    double least = 1e9;
    for (std::size_t set = 0; set < (std::size_t{1} << inner); ++set) {
        const auto with_target = [&](std::size_t level, std::size_t token) {
            if (level == depth) return token == target;
            if (level == 0) return token != source;  // closed inputs cost nothing
            return (set >> ((level - 1) * tokens + token) & 1) != 0;
        };
        double cut = 0;
        for (std::size_t level = 0; level < depth; ++level) {
            for (std::size_t query = 0; query < tokens; ++query) {
                for (std::size_t key = 0; key < tokens; ++key) {
                    if (with_target(level + 1, query) && !with_target(level, key))
                        cut += layers.cell(level, query, key);
                }
            }
        }
        least = std::min(least, cut);
    }
    return least;
}

}  // namespace

TEST_CASE("the flow through one layer is its weights") {
    const Layers layers(5, 1, true);
    const Matrix<double> flows = layers.graph().flows({0, 2, 4}, {0, 1, 2, 3, 4});
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t key = 0; key < 5; ++key)
            CHECK(flows.row(i)[key] == Approx(layers.cell(0, 2 * i, key)).margin(1e-14));
    }
}

TEST_CASE("the flow through two layers takes the narrower pipe over each token between") {
    const Layers layers(6, 2, false);
    const Matrix<double> flows = layers.graph().flows({5}, {0, 3});
    const std::size_t sources[] = {0, 3};
    for (std::size_t i = 0; i < 2; ++i) {
        double sum = 0;
        for (std::size_t k = 0; k < 6; ++k)
            sum += std::min(layers.cell(1, 5, k), layers.cell(0, k, sources[i]));
        CHECK(flows.row(0)[i] == Approx(sum).epsilon(1e-12));
    }
}

TEST_CASE("the largest flow is the least cut") {
    for (const bool causal : {true, false}) {
        const Layers layers(4, 4, causal);
        const FlowGraph graph = layers.graph();
        const Matrix<double> flows = graph.flows({0, 1, 2, 3}, {0, 1, 2, 3});
        for (std::size_t target = 0; target < 4; ++target) {
            for (std::size_t source = 0; source < 4; ++source) {
                INFO(causal << ' ' << target << ' ' << source);
                const double flow = flows.row(target)[source];
                CHECK(flow == Approx(least_cut(layers, 4, 4, target, source)).margin(1e-12));
                CHECK(flow <= graph.bound(target, source));
            }
        }
    }
}
