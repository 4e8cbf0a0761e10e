#include "analysis/rollout.hpp"

#include <catch2/catch.hpp>
#include <numeric>

#include "core/parallel.hpp"
#include "support/rollout_heads.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;

namespace {

constexpr std::size_t kTokens = 300;  // more than one block of rows, one tile of keys

std::vector<std::size_t> all_tokens() {
    std::vector<std::size_t> all(kTokens);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

Matrix<double> upwards(const std::vector<FusedLayer<double>>& layers, Matrix<double> x,
                       bool lower) {
    for (const auto& layer : layers) x = layer_times(layer, x, lower);
    return x;
}

Matrix<double> downwards(const std::vector<FusedLayer<double>>& layers, Matrix<double> x) {
    for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) x = times_layer(x, *layer);
    return x;
}

}  // namespace

TEST_CASE("targets and sources are the rows and columns of the whole product") {
    for (const bool causal : {true, false}) {
        const OwnedLayer one = random_layer(kTokens, causal, 1),
                         two = random_layer(kTokens, causal, 2);
        const std::vector<FusedLayer<double>> layers{{one.heads(), {}}, {two.heads(), {}}};
        const auto whole = upwards(layers, unit_columns<double>(all_tokens(), kTokens), causal);
        const std::vector<std::size_t> some{0, 150, 7, kTokens - 1};
        const auto rows = downwards(layers, unit_rows<double>(some, kTokens));
        const auto columns = upwards(layers, unit_columns<double>(some, kTokens), false);
        for (std::size_t i = 0; i < some.size(); ++i) {
            double row_gap = 0, column_gap = 0, sum = 0;
            for (std::size_t token = 0; token < kTokens; ++token) {
                row_gap =
                    std::max(row_gap, std::abs(rows.row(i)[token] - whole.row(some[i])[token]));
                column_gap = std::max(column_gap,
                                      std::abs(columns.row(token)[i] - whole.row(token)[some[i]]));
                sum += rows.row(i)[token];
            }
            CHECK(row_gap < 1e-15);
            CHECK(column_gap < 1e-15);
            CHECK(sum == Approx(1).epsilon(1e-13));
        }
    }
}

TEST_CASE("the number of threads changes no bit of a rollout") {
    const OwnedLayer one = random_layer(kTokens, true, 1), two = random_layer(kTokens, true, 2);
    const auto roll = [&](std::size_t threads) {
        const ThreadLimit limit(threads);
        RolloutOptions options;
        options.discard = 0.3;
        const std::vector<FusedLayer<double>> layers{{one.heads(), options},
                                                     {two.heads(), options}};
        auto values = downwards(layers, unit_rows<double>({5, 299}, kTokens)).values;
        const auto more = upwards(layers, unit_columns<double>(all_tokens(), kTokens), true).values;
        values.insert(values.end(), more.begin(), more.end());
        return values;
    };
    CHECK(roll(1) == roll(3));
}

TEST_CASE("rows that no target reads are not made, and it is said which have weight") {
    std::vector<double> weights(kTokens * kTokens);
    weights[150 * kTokens] = 1;
    const OwnedLayer layer{{weights}, kTokens};
    RolloutOptions options;
    options.residual = 0;
    std::vector<std::uint8_t> has_weight;
    const auto x = unit_rows<double>({150, 151}, kTokens);
    const auto rows = times_layer(x, FusedLayer<double>(layer.heads(), options), &has_weight);
    CHECK(rows.row(0)[0] == 1);
    CHECK(has_weight[150] == 1);
    CHECK(has_weight[151] == 0);
}

TEST_CASE("a product takes the memory of what it multiplies") {
    for (const bool causal : {true, false}) {
        const OwnedLayer owned = random_layer(kTokens, causal, 3);
        const FusedLayer<double> layer(owned.heads(), {});
        auto x = upwards({layer}, unit_columns<double>(all_tokens(), kTokens), causal);
        const auto kept = layer_times(layer, x, causal);
        const double* const memory = x.values.data();
        CHECK(kept.values.data() != memory);
        const auto product = layer_times(layer, std::move(x), causal);
        CHECK(product.values.data() == memory);
        CHECK(product.values == kept.values);
    }
}
