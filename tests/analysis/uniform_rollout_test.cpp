#include "analysis/uniform_rollout.hpp"

#include <catch2/catch.hpp>

#include "support/rollout_heads.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

// The same layer with weights that are uniform over what each row may attend.
OwnedLayer uniform_copy(const OwnedLayer& layer) {
    std::vector<double> weights(layer.tokens * layer.tokens);
    for (std::size_t query = 0; query < layer.tokens; ++query) {
        const AllowedCells cells = allowed_cells(layer.heads(), query);
        for (std::size_t key = 0; key < layer.tokens; ++key) {
            if (cells.has(key))
                weights[query * layer.tokens + key] = 1 / static_cast<double>(cells.count());
        }
    }
    return {{weights}, layer.tokens, layer.mask.allowed(0, 0).size() == 1};
}

}  // namespace

TEST_CASE("sums of prefixes give what a layer of uniform weights gives") {
    for (const bool causal : {true, false}) {
        OwnedLayer layer = random_layer(8, causal, 4);
        for (auto& head : layer.matrices) std::fill_n(head.begin() + 3 * 8, 8, 0.0);  // no key
        for (const Renormalise renormalise :
             {Renormalise::after, Renormalise::before, Renormalise::none}) {
            for (const double residual : {0.0, 0.3}) {
                RolloutOptions options;
                options.residual = residual;
                options.renormalise = renormalise;
                const OwnedLayer same = uniform_copy(layer);
                const auto dense = rows_of({same.heads(), options});
                const UniformLayer uniform(layer.heads(), options);
                for (std::size_t token = 0; token < 8; ++token) {
                    std::vector<double> unit(8);
                    unit[token] = 1;
                    const auto row = uniform.times_layer(unit), column = uniform.layer_times(unit);
                    for (std::size_t other = 0; other < 8; ++other) {
                        CHECK(row[other] == Approx(dense[token * 8 + other]).margin(1e-15));
                        CHECK(column[other] == Approx(dense[other * 8 + token]).margin(1e-15));
                    }
                }
            }
        }
    }
}

TEST_CASE("lift is a ratio, and 0 where uniform attention brings nothing") {
    Matrix<double> rollout(1, 3), uniform(1, 3);
    rollout.values = {0.5, 0.5, 0};
    uniform.values = {0.25, 1, 0};
    CHECK(lift_of(rollout, uniform).values == std::vector<double>{2, 0.5, 0});
}
