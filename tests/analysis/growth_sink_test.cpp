#include "analysis/growth_sink.hpp"

#include <catch2/catch.hpp>

#include "attention/approx/spec.hpp"
#include "support/arrays.hpp"

using namespace attn;
using namespace attn::test;

namespace {

analysis::ApproxMethod grown(const std::string& text, std::size_t n) {
    const approx::SpecPart part = approx::parse_specs(text).front().parts.front();
    return {text, {{part.row, approx::resolve(part, {n, n, 4, 4, 0}, 0, {})}}};
}

Heads<double> heads_of(const Array<double>& array) {
    return make_separate_heads(array);
}

Array<double> first_rows(const Array<double>& array, std::size_t n) {
    std::vector<double> values;
    for (std::size_t head = 0; head < 2; ++head) {
        const double* const from = array.data() + head * array.extent(2) * 4;
        values.insert(values.end(), from, from + n * 4);
    }
    return Array<double>({1, 2, n, 4}, std::move(values));
}

// Streams one layer of heads to the sinks.
void stream(const Array<double>& q, const Array<double>& k, const Array<double>& v,
            const AttentionOptions<double>& options, const Sinks<double>& sinks) {
    const LayerResult<double> done =
        compute_heads<double>(0, heads_of(q), heads_of(k), heads_of(v), options, sinks);
    LayerOutputs<double> outputs;
    outputs.attention = &done;
    for (Sink<double>* sink : sinks) sink->end_layer(outputs);
}

}  // namespace

TEST_CASE("errors of the first tokens are those of an input that ends there") {
    const Array<double> q = random_array<double>({1, 2, 30, 4}, 1),
                        k = random_array<double>({1, 2, 30, 4}, 2),
                        v = random_array<double>({1, 2, 30, 4}, 3);
    AttentionOptions<double> options;
    options.mask.structure.causal = true;
    const std::vector<analysis::ApproxMethod> methods{grown("exact", 12),
                                                      grown("local:window=3", 12)};
    analysis::GrowthSink<double> growth({{12, methods}}, {}, 0, 0);
    stream(q, k, v, options, {&growth});
    analysis::ApproxSink<double> alone(methods, {});
    stream(first_rows(q, 12), first_rows(k, 12), first_rows(v, 12), options, {&alone});
    const auto measures = growth.measures();
    REQUIRE(measures.at(12).size() == 2);
    CHECK(measures.at(12)[0].context_error == 0);
    CHECK(measures.at(12)[1].context_error == alone.layers()[1].measures.context_error);
    CHECK(growth.times().empty());
}

TEST_CASE("layers are timed beyond the input, and not where no fast path goes") {
    const Array<double> heads = random_array<double>({1, 2, 10, 4}, 1);
    for (const bool windowed : {false, true}) {
        AttentionOptions<double> options;
        if (windowed) options.mask.structure.window_left = 3;
        analysis::GrowthSink<double> growth({}, {{40, {grown("linear", 40)}}}, 1, 0);
        stream(heads, heads, heads, options, {&growth});
        CHECK(growth.times().size() == (windowed ? 0 : 5));
        if (!windowed) CHECK(growth.times().at("lstm").at(40) > 0);
    }
}
