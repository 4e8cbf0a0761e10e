#include "attention/approx/adaptive_span.hpp"

#include <catch2/catch.hpp>

#include "support/approx_head.hpp"

using namespace attn;
using namespace attn::test;

TEST_CASE("mass by distance holds all attention once, and key 0 only where it is asked for") {
    const RandomHead head(9, 9, 0, true, 3);
    double all = 0, rest = 0, first = 0;
    for (const double mass : approx::mass_by_distance(head.input)) all += mass;
    for (const double mass : approx::mass_by_distance(head.input, true)) rest += mass;
    for (std::size_t query = 0; query < 9; ++query) first += head.row(query).weights[0];
    CHECK(all == Approx(9));
    CHECK(rest == Approx(9 - first));
}

TEST_CASE("a span is the smallest window that holds a share of the mass") {
    CHECK(approx::span_of({5, 3, 2}, 0.5) == 1);
    CHECK(approx::span_of({5, 3, 2}, 0.8) == 2);
    CHECK(approx::span_of({5, 3, 2}, 0.81) == 3);
    CHECK(approx::span_of({5, 3, 2}, 1) == 3);
    CHECK(approx::span_of({}, 0.5) == 1);
}

TEST_CASE("a soft window falls to nothing over its ramp") {
    const RandomHead head(12, 12, 0, true, 4);
    approx::Options options;
    options.set("z", 2.0);
    options.set("ramp", 4.0);
    options.set("share", 0.95);
    const auto span = approx::span_mask(options, head.input);
    CHECK(span->is_soft());
    CHECK(span->factor(11, 11) == 1);
    CHECK(span->factor(11, 9) == 1);
    CHECK(span->factor(11, 7) == Approx(0.5));
    CHECK(span->factor(11, 5) == 0);
    const auto kept = head.kept(*span, 11);
    CHECK_FALSE(kept[5]);
    CHECK(kept[6]);
}

TEST_CASE("without a width a soft window takes that which holds its share") {
    const RandomHead head(12, 12, 0, true, 4);
    approx::Options options;
    options.set("ramp", 1.0);
    options.set("share", 0.5);
    const std::size_t width = approx::span_of(approx::mass_by_distance(head.input), 0.5);
    const auto span = approx::span_mask(options, head.input);
    CHECK(span->factor(11, 11 - (width - 1)) == 1);
    CHECK(span->factor(11, 11 - width) == 0);
}
