#include "analysis/implied_sink.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <mutex>

#include "analysis/approx_sink.hpp"
#include "attention/approx/spec.hpp"
#include "support/arrays.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("implied weights are as far from the exact ones as their measures say") {
    std::vector<analysis::ApproxMethod> methods;
    for (const char* text :
         {"exact", "local:window=3", "span:z=2:ramp=3", "topk:k=4", "performer", "svd:rank=3",
          "int4", "lowrank-scores:rank=2", "h2o:heavy=2:recent=2"}) {
        const approx::Spec spec = approx::parse_specs(text).front();
        methods.push_back(
            {text,
             {{spec.parts[0].row, approx::resolve(spec.parts[0], {60, 60, 4, 4, 0}, 0, {})}}});
    }
    const auto heads = [](unsigned seed) {
        return make_separate_heads(random_array<double>({1, 2, 60, 4}, seed));
    };
    AttentionOptions<double> options;
    options.mask.structure.causal = true;
    std::mutex mutex;
    std::map<std::pair<std::size_t, std::size_t>, double> errors;
    std::size_t kept = 0;
    analysis::ImpliedSink<double> implied(methods, [&](const analysis::ImpliedHead& head) {
        double away = 0, all = 0;
        for (std::size_t i = 0; i < 60; ++i) {
            for (std::size_t j = 0; j < 60; ++j) {
                away += std::pow(head.implied.row(i)[j] - head.exact.row(i)[j], 2);
                all += std::pow(head.exact.row(i)[j], 2);
            }
        }
        const std::lock_guard<std::mutex> lock(mutex);
        errors[{head.head, head.method}] = std::sqrt(away / all);
        if (head.method == 1 && head.head == 0)
            for (const std::uint8_t bit : head.kept) kept += bit;
    });
    analysis::ApproxSink<double> measured(methods, {});
    const LayerResult<double> done =
        compute_heads<double>(0, heads(1), heads(2), heads(3), options, {&implied, &measured});
    LayerOutputs<double> outputs;
    outputs.attention = &done;
    implied.end_layer(outputs);
    measured.end_layer(outputs);
    CHECK(errors.size() == 2 * (methods.size() - 1));
    for (const analysis::HeadApproximation& head : measured.heads()) {
        if (head.method == 0) continue;
        CAPTURE(methods[head.method].text);
        CHECK(errors.at({head.head, head.method}) ==
              Approx(head.measures.weights_error).epsilon(1e-9));
    }
    CHECK(kept == 1 + 2 + 3 * 58);
}
