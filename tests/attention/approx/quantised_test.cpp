#include "attention/approx/quantised.hpp"

#include <catch2/catch.hpp>

#include "attention/approx/spec.hpp"
#include "support/plain_head.hpp"

using namespace attn;
using namespace attn::approx;
using namespace attn::test;

namespace {

Options options_of(const std::string& spec, const PlainHead& head) {
    return resolve(parse_specs(spec).front().parts.front(), head.input().sizes, 0, {});
}

PlainHead quantised_head() {
    return PlainHead(random_matrix(40, 8, 1), random_matrix(40, 8, 2), random_matrix(40, 4, 3),
                     true);
}

}  // namespace

TEST_CASE("presets are quant with other defaults") {
    const PlainHead head = quantised_head();
    const auto same = [&](const std::string& preset, const std::string& spec) {
        CAPTURE(preset);
        const ChangedInputs a = quantised_inputs(options_of(preset, head), head.input());
        const ChangedInputs b = quantised_inputs(options_of(spec, head), head.input());
        CHECK(a.q.values == b.q.values);
        CHECK(a.k.values == b.k.values);
        CHECK(a.v.values == b.v.values);
    };
    same("int4", "quant:bits=4");
    same("fp8", "quant:kind=fp8");
    same("kivi",
         "quant:bits=2:symmetric=0:tensors=kv:k_axis=channel:k_group=32:v_axis=token:"
         "v_group=32:residual=32");
    same("sage", "quant:bits=8:axis=block:q_group=128:k_group=64:tensors=qk:smooth=1");
}

TEST_CASE("only the tensors that are named change, and smoothing is exact") {
    const PlainHead head = quantised_head();
    const ChangedInputs changed = quantised_inputs(
        options_of("quant:kind=bf16:tensors=k:smooth=1:residual=39", head), head.input());
    CHECK(changed.q.empty());
    CHECK(changed.v.empty());
    // One key is rounded; all are less their mean, which softmax does not notice.
    CHECK(relative_error(head.weights_of(changed.q, changed.k), head.rows.weights()) < 1e-2);
    CHECK(relative_error(changed.k, head.k) > 0.05);
}

TEST_CASE("fewer bits are worse") {
    const PlainHead head = quantised_head();
    double before = 0;
    for (const char* spec : {"quant:bits=8", "quant:bits=6", "quant:bits=4", "quant:bits=2"}) {
        const ChangedInputs changed = quantised_inputs(options_of(spec, head), head.input());
        const double error =
            relative_error(head.weights_of(changed.q, changed.k), head.rows.weights());
        CHECK(error > before);
        before = error;
    }
}
