#include "render/color_scale.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <set>

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

TEST_CASE("every range has few ticks, inside of it, whose texts differ") {
    const double ends[] = {
        -1.7e308, -1e308,   -3.4e38, -1,     -1e-300, -5e-324, -0.0,
        0.0,      5e-324,   1e-310,  1e-300, 1,       1e-38,   1.0000000000000002,
        1e16,     1e16 + 2, 3.4e38,  1e308,  1.7e308};
    for (const double low : ends) {
        for (const double high : ends) {
            for (const ScaleKind kind : {ScaleKind::linear, ScaleKind::sqrt, ScaleKind::log}) {
                if (!(low < high) || (kind == ScaleKind::log && low <= 0)) continue;
                const ColorScale scale{kind, low, high};
                INFO(name_of(kind) << " " << low << " to " << high);
                const auto marks = ticks(scale, 5);
                CHECK(marks.size() >= 1);
                CHECK(marks.size() <= 15);
                std::set<std::string> different;
                for (const Tick& tick : marks) {
                    CHECK(std::isfinite(tick.value));
                    CHECK(scale.position(tick.value) >= 0);
                    CHECK(scale.position(tick.value) <= 1);
                    different.insert(tick.text);
                }
                CHECK(different.size() == marks.size());
                for (const double value : ends) {
                    CHECK(scale.position(value) >= 0);
                    CHECK(scale.position(value) <= 1);
                }
            }
        }
    }
}

TEST_CASE("narrow ranges have as many digits as it takes") {
    using Texts = std::vector<std::string>;
    CHECK(texts({ScaleKind::linear, 1, 1.0000000000000002}) == Texts{"1", "1.0000000000000002"});
    CHECK(texts({ScaleKind::linear, 0.5, 0.5000001}).back() == "0.5000001");
}

TEST_CASE("where all values lie beyond the one limit that was asked for there is still a range") {
    for (const ScaleKind kind : {ScaleKind::linear, ScaleKind::sqrt, ScaleKind::log}) {
        for (const double limit : {1e-38, 5.0, 3.4e38}) {
            const ColorScale above = limited({kind, 1e-6, 1e-40}, limit, std::nullopt);
            CHECK(above.low == limit);
            CHECK(above.high > limit);
            const ColorScale below = limited({kind, 3.5e38, 3.6e38}, std::nullopt, limit);
            CHECK(below.high == limit);
            CHECK(below.low < limit);
        }
    }
    const ColorScale asked = limited({ScaleKind::linear, 0, 1}, -1.0, 2.0);
    CHECK(asked.low == -1);
    CHECK(asked.high == 2);
}

TEST_CASE("kinds of scale have names") {
    CHECK(scale_kind("sqrt") == ScaleKind::sqrt);
    CHECK_THROWS_WITH(scale_kind("lin"), Catch::Contains("expected linear, sqrt or log"));
    CHECK_THROWS_WITH(scale_kind("logg"), Catch::Contains("did you mean log?"));
}
