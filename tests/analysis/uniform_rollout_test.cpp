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

TEST_CASE("sums of ranges give what a layer of uniform weights gives") {
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

TEST_CASE("cells that a deep stack hardly reaches keep their digits") {
    constexpr std::size_t kTokens = 60;
    MaskOptions<double> causal, window, ahead;
    causal.structure.causal = true;
    window.structure.window_left = window.structure.window_right = 5;
    ahead.structure.causal = true;
    ahead.structure.offsets = {3};
    for (const MaskOptions<double>& options : {causal, window, ahead}) {
        OwnedLayer layer = random_layer(kTokens, false, 4);
        layer.mask = Mask<double>(options, kTokens);
        RolloutOptions none;
        none.residual = 0.01;
        const auto dense = rows_of({uniform_copy(layer).heads(), none});
        const UniformLayer uniform(layer.heads(), none);
        for (const std::size_t token : {std::size_t{0}, kTokens / 2, kTokens - 1}) {
            std::vector<double> row(kTokens), column(kTokens);
            row[token] = column[token] = 1;
            std::vector<double> dense_row = row, dense_column = column;
            for (std::size_t depth = 0; depth < 12; ++depth) {
                row = uniform.times_layer(row);
                column = uniform.layer_times(column);
                std::vector<double> next_row(kTokens), next_column(kTokens);
                for (std::size_t query = 0; query < kTokens; ++query) {
                    for (std::size_t key = 0; key < kTokens; ++key) {
                        const double cell = dense[query * kTokens + key];
                        next_row[key] += dense_row[query] * cell;
                        next_column[query] += cell * dense_column[key];
                    }
                }
                dense_row = next_row;
                dense_column = next_column;
            }
            for (std::size_t other = 0; other < kTokens; ++other) {
                CHECK(row[other] == Approx(dense_row[other]).epsilon(1e-12).margin(0));
                CHECK(column[other] == Approx(dense_column[other]).epsilon(1e-12).margin(0));
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
