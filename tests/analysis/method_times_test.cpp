#include "analysis/method_times.hpp"

#include <catch2/catch.hpp>

#include "attention/approx/spec.hpp"
#include "support/arrays.hpp"

using namespace attn;
using namespace attn::test;

namespace {

analysis::ApproxMethod method_of(const std::string& text) {
    const approx::Spec spec = approx::parse_specs(text).front();
    analysis::ApproxMethod method;
    for (const approx::SpecPart& part : spec.parts)
        method.parts.push_back({part.row, approx::resolve(part, {40, 40, 4, 4, 0}, 0, {})});
    return method;
}

analysis::LayerTimes times_of(const AttentionOptions<float>& options, const LayerShare& share) {
    const auto heads = [](unsigned seed) {
        return make_separate_heads(random_array<float>({2, 4, 40, 4}, seed));
    };
    analysis::TimeSink<float> sink({method_of("exact"), method_of("local:window=4"),
                                    method_of("lsh"), method_of("local/strided")},
                                   2);
    const LayerResult<float> attention =
        compute_heads<float>(3, heads(1), heads(2), heads(3), options, {&sink}, share);
    LayerOutputs<float> outputs;
    outputs.attention = &attention;
    sink.begin_options(options);
    sink.end_layer(outputs);
    return sink.layers().front();
}

}  // namespace

TEST_CASE("what has a fast path is timed, each layer alone") {
    AttentionOptions<float> options;
    options.mask.structure.causal = true;
    for (const LayerShare& share :
         {LayerShare{}, LayerShare{std::vector<std::size_t>{1}, std::vector<std::size_t>{0, 2}}}) {
        const analysis::LayerTimes times = times_of(options, share);
        CHECK(times.layer == 3);
        CHECK(times.exact > 0);
        REQUIRE(times.methods.size() == 4);
        CHECK(times.methods[0] == times.exact);
        CHECK(times.methods[1].value() > 0);
        CHECK_FALSE(times.methods[2]);
        CHECK_FALSE(times.methods[3]);
    }
}

TEST_CASE("under other masks than causality only exact attention is timed") {
    AttentionOptions<float> options;
    options.mask.structure.window_left = 3;
    const analysis::LayerTimes times = times_of(options, {});
    CHECK(times.exact > 0);
    CHECK_FALSE(times.methods[1]);
}

TEST_CASE("the fastest of several runs counts") {
    std::size_t runs = 0;
    CHECK(analysis::best_time(4, [&] { ++runs; }) >= 0);
    CHECK(runs == 4);
}
