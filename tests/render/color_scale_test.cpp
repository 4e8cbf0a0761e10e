#include "render/color_scale.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using namespace attn::render;

namespace {

ColorScale scale_of_values(const std::vector<float>& values, ScaleKind kind) {
    return scale_of({values.data(), 1, values.size()}, kind);
}

std::vector<std::string> texts(const ColorScale& scale) {
    std::vector<std::string> result;
    for (const Tick& tick : ticks(scale, 5)) result.push_back(tick.text);
    return result;
}

const float kInf = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("values find their place on the colour map") {
    CHECK(ColorScale{ScaleKind::linear, 0, 2}.position(0.5) == Approx(0.25));
    CHECK(ColorScale{ScaleKind::sqrt, 0, 1}.position(0.25) == Approx(0.5));
    CHECK(ColorScale{ScaleKind::log, 1e-4, 1}.position(1e-2) == Approx(0.5));
    for (const ScaleKind kind : {ScaleKind::linear, ScaleKind::sqrt, ScaleKind::log}) {
        const ColorScale scale{kind, 0.1, 1};
        CHECK(scale.position(-5) == 0);
        CHECK(scale.position(0) == 0);
        CHECK(scale.position(7) == 1);
        CHECK(scale.position(kInf) == 1);
    }
}

TEST_CASE("the range is that of the finite values") {
    const auto scale = scale_of_values({0.25F, -kInf, std::nanf(""), 0.75F}, ScaleKind::linear);
    CHECK(scale.low == 0.25);
    CHECK(scale.high == 0.75);
}

TEST_CASE("a log scale begins at the smallest positive value, six decades down at most") {
    CHECK(scale_of_values({0, 0.5F, 0.125F}, ScaleKind::log).low == 0.125);
    CHECK(scale_of_values({0, 1, 1e-20F}, ScaleKind::log).low == Approx(1e-6));
}

TEST_CASE("one value everywhere still has a range") {
    for (const ScaleKind kind : {ScaleKind::linear, ScaleKind::sqrt, ScaleKind::log}) {
        for (const float value : {0.0F, 1.0F, -3.0F, 1e-30F}) {
            const auto scale = scale_of_values({value, value}, kind);
            CHECK(scale.high > scale.low);
        }
        CHECK(scale_of_values({-kInf}, kind).high > scale_of_values({-kInf}, kind).low);
    }
}

TEST_CASE("ticks are round numbers inside the range") {
    using Texts = std::vector<std::string>;
    CHECK(texts({ScaleKind::linear, 0, 1}) == Texts{"0", "0.2", "0.4", "0.6", "0.8", "1"});
    CHECK(texts({ScaleKind::linear, 0, 0.3}) == Texts{"0", "0.1", "0.2", "0.3"});
    CHECK(texts({ScaleKind::linear, -7, 11}) == Texts{"-5", "0", "5", "10"});
    CHECK(texts({ScaleKind::log, 1e-4, 1}) == Texts{"0.0001", "0.001", "0.01", "0.1", "1"});
    CHECK(texts({ScaleKind::linear, 0, 3e-7}).back() == "3e-07");
    CHECK(texts({ScaleKind::linear, 5, 5}).empty());
}

TEST_CASE("kinds of scale have names") {
    CHECK(scale_kind("sqrt") == ScaleKind::sqrt);
    CHECK_THROWS_WITH(scale_kind("lin"), Catch::Contains("expected linear, sqrt or log"));
    CHECK_THROWS_WITH(scale_kind("logg"), Catch::Contains("did you mean log?"));
}
