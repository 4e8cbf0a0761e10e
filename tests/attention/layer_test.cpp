#include "attention/layer.hpp"

#include <catch2/catch.hpp>

#include "model/layer_weights.hpp"
#include "support/arrays.hpp"

using attn::Array;
using attn::test::golden;
using attn::test::load;
using attn::test::max_difference;

namespace {

// Computes a golden case in T and compares the output and the contexts with what PyTorch found in
// float64.
template <class T>
double worst_output(const std::string& name) {
    const std::string folder = golden("attention/" + name);
    attn::io::Inputs inputs;
    const auto bundle = attn::model::read_weight_bundle(inputs.open(folder));
    Array<T> x = inputs.load<T>(folder + "/x.npy", attn::io::NonFinite::refuse);
    const bool batch = x.rank() == 3;
    if (!batch) x = x.reshaped({1, x.extent(0), x.extent(1)});
    const auto sizes = attn::model::check_layer(bundle, 0, {x.extent(2), x.extent(2), {}, {}});
    const auto weights =
        attn::model::load_layer<T>(inputs, bundle, 0, sizes, attn::io::NonFinite::refuse,
                                   attn::model::BlockParts::before_attention);
    attn::AttentionOptions<T> options;
    options.mask.structure.causal = *bundle.config.causal;
    options.scale = bundle.config.scale;
    const auto result = attn::compute_layer<T>(0, x, x, weights.attention, options, {});
    Array<double> expected = load(folder + "/expected/output.npy");
    if (!batch) expected = expected.reshaped({1, expected.extent(0), expected.extent(1)});
    return max_difference(result.output, expected);
}

}  // namespace

TEST_CASE("a layer agrees with PyTorch in float64") {
    for (const char* name : {"single_head", "multi_head", "causal", "scale", "batch", "wide_value",
                             "three_dimensional"}) {
        INFO(name);
        CHECK(worst_output<double>(name) < 1e-13);
        CHECK(worst_output<float>(name) < 5e-5);
    }
}
