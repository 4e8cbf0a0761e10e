#include "analysis/fused_layer.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "core/error.hpp"
#include "support/rollout_heads.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;
using Catch::Contains;

namespace {

const OwnedLayer kTwoHeads{{{1, 0, 0.5, 0.5}, {1, 0, 0.1, 0.9}}, 2, true};

RolloutOptions with(Fuse fuse, double residual, Renormalise renormalise) {
    RolloutOptions options;
    options.fuse = fuse;
    options.residual = residual;
    options.renormalise = renormalise;
    return options;
}

void check_rows(const OwnedLayer& layer, const RolloutOptions& options,
                const std::vector<double>& expected) {
    const auto rows = rows_of(FusedLayer<double>(layer.heads(), options));
    REQUIRE(rows.size() == expected.size());
    for (std::size_t i = 0; i < rows.size(); ++i) CHECK(rows[i] == Approx(expected[i]));
}

}  // namespace

TEST_CASE("heads become their mean, their largest or their smallest cells") {
    check_rows(kTwoHeads, with(Fuse::mean, 0, Renormalise::none), {1, 0, 0.3, 0.7});
    check_rows(kTwoHeads, with(Fuse::max, 0, Renormalise::none), {1, 0, 0.5, 0.9});
    check_rows(kTwoHeads, with(Fuse::min, 0, Renormalise::none), {1, 0, 0.1, 0.5});
}

TEST_CASE("a residual of a half is a half where rows are divided before it is added") {
    check_rows(kTwoHeads, with(Fuse::max, 0.5, Renormalise::before),
               {1, 0, 0.25 / 1.4, 1 - 0.25 / 1.4});
    check_rows(kTwoHeads, with(Fuse::max, 0.5, Renormalise::after), {1, 0, 0.25 / 1.2, 0.95 / 1.2});
}

TEST_CASE("a row without any key is the token itself, or what the residual leaves of it") {
    const OwnedLayer layer{{{0, 0, 0.5, 0.5}}, 2};
    check_rows(layer, with(Fuse::mean, 0.25, Renormalise::after), {1, 0, 0.375, 0.625});
    check_rows(layer, with(Fuse::mean, 0.25, Renormalise::before), {1, 0, 0.375, 0.625});
    check_rows(layer, with(Fuse::mean, 0.25, Renormalise::none), {0.25, 0, 0.375, 0.625});
    check_rows(layer, with(Fuse::mean, 0, Renormalise::after), {0, 0, 0.5, 0.5});
    check_rows(layer, with(Fuse::mean, 0, Renormalise::before), {1, 0, 0.5, 0.5});
}

TEST_CASE("attention to the first key counts as residual, or is left out, but for the first row") {
    RolloutOptions options = with(Fuse::mean, 0, Renormalise::none);
    options.first_key = FirstKey::residual;
    const OwnedLayer layer{{{1, 0, 0, 0.5, 0.5, 0, 0.6, 0.1, 0.2}}, 3, true};
    check_rows(layer, options, {1, 0, 0, 0, 1, 0, 0, 0.1, 0.8});
    options.first_key = FirstKey::drop;
    check_rows(layer, options, {1, 0, 0, 0, 1, 0, 0, 0.3, 0.6});
}

TEST_CASE("discarding spares key 0, counts it, and knows nothing of masked cells") {
    RolloutOptions options = with(Fuse::mean, 0, Renormalise::none);
    options.discard = 0.5;  // of 6 cells 3: 0.1 (key 0), 0.2, 0.3
    const OwnedLayer layer{{{1, 0, 0, 0.1, 0.9, 0, 0.5, 0.2, 0.3}}, 3, true};
    check_rows(layer, options, {1, 0, 0, 0.1, 0.9, 0, 0.5, 0, 0});
    options.discard_scope = DiscardScope::row;  // one of 2, one of 3
    check_rows(layer, options, {1, 0, 0, 0.1, 0.9, 0, 0.5, 0, 0.3});
}

TEST_CASE("a cell of its own stays where the mask forbids it") {
    MaskOptions<double> padded;
    padded.structure.key_lengths = {1};
    OwnedLayer layer{{{1, 0, 0, 0.4, 0.6, 0, 0.3, 0, 0.7}}, 3};
    layer.mask = Mask<double>(padded, 3);
    RolloutOptions options = with(Fuse::mean, 0, Renormalise::after);
    check_rows(layer, options, {1, 0, 0, 1, 0, 0, 1, 0, 0});
    options.own_cell = true;
    check_rows(layer, options, layer.matrices[0]);
}

TEST_CASE("heads are weighted where shares say so") {
    LayerHeads<double> heads = kTwoHeads.heads();
    heads.shares = {3, 1};
    const FusedLayer<double> layer(heads, with(Fuse::mean, 0, Renormalise::none));
    CHECK(rows_of(layer)[2] == Approx(0.4));
}

TEST_CASE("relevance clamps each head, a gradient rollout clamps their mean") {
    LayerHeads<double> heads = kTwoHeads.heads();
    const std::vector<double> up{1, 0, 1, 1}, down{1, 0, -1, -10};
    heads.gradients = {{up.data(), 2, 2}, {down.data(), 2, 2}};
    RolloutOptions options = with(Fuse::mean, 0, Renormalise::none);
    options.fused = Fused::relevance;
    CHECK(rows_of({heads, options}) == std::vector<double>{2, 0, 0.25, 1.25});
    options.fused = Fused::gradient;
    CHECK(rows_of({heads, options}) == std::vector<double>{1, 0, 0.2, 0});
}

TEST_CASE("what is no weight is refused with its place, but for masked cells") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const double bad : {nan, -0.5, std::numeric_limits<double>::infinity()}) {
        const OwnedLayer layer{{{1, bad, 0.5, 0.5}}, 2};
        CHECK_THROWS_WITH(rows_of({layer.heads(), {}}), Contains("head 0, query 0, key 1"));
        const OwnedLayer masked{{{1, bad, 0.5, 0.5}}, 2, true};
        CHECK(rows_of({masked.heads(), {}})[1] == 0);
    }
}

TEST_CASE("rows of any mean sum to one, whatever is done to them before the residual") {
    for (const FirstKey first : {FirstKey::keep, FirstKey::residual, FirstKey::drop}) {
        for (const double discard : {0.0, 0.4}) {
            const OwnedLayer layer = random_layer(9, true, 5);
            RolloutOptions options;
            options.first_key = first;
            options.discard = discard;
            const auto rows = rows_of({layer.heads(), options});
            for (std::size_t query = 0; query < 9; ++query) {
                double sum = 0;
                for (std::size_t key = 0; key < 9; ++key) sum += rows[query * 9 + key];
                CHECK(sum == Approx(1).epsilon(1e-14));
            }
        }
    }
}
