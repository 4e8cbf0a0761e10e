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
    using Labels = std::vector<std::string>;
    CHECK(texts({ScaleKind::linear, 0, 1}) == Labels{"0", "0.2", "0.4", "0.6", "0.8", "1"});
    CHECK(texts({ScaleKind::linear, 0, 0.3}) == Labels{"0", "0.1", "0.2", "0.3"});
    CHECK(texts({ScaleKind::linear, -7, 11}) == Labels{"-5", "0", "5", "10"});
    CHECK(texts({ScaleKind::log, 1e-4, 1}) == Labels{"0.0001", "0.001", "0.01", "0.1", "1"});
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
    using Labels = std::vector<std::string>;
    CHECK(texts({ScaleKind::linear, 1, 1.0000000000000002}) == Labels{"1", "1.0000000000000002"});
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

TEST_CASE("a row whose only weight is one does not set the range, unless all are such") {
    const std::vector<float> causal{1, -kInf, 0.25F, 0.75F};
    CHECK(scale_of({causal.data(), 2, 2}, ScaleKind::linear).high == 0.75);
    // One that lies just above the others costs no colour, and need not be marked.
    const std::vector<float> near{1, -kInf, 0.04F, 0.96F};
    CHECK(scale_of({near.data(), 2, 2}, ScaleKind::linear).high == 1);
    const std::vector<float> alone{1, -kInf, -kInf, 1};
    CHECK(scale_of({alone.data(), 2, 2}, ScaleKind::linear).high == 1);
    // A lone weight that is no one says something, such as in a window of the keys.
    const std::vector<float> window{0.5F, -kInf, 0.1F, 0.2F};
    CHECK(scale_of({window.data(), 2, 2}, ScaleKind::linear).high == 0.5);
    const std::vector<float> full{1, 0, 0.25F, 0.75F};
    CHECK(scale_of({full.data(), 2, 2}, ScaleKind::linear).high == 1);
}

TEST_CASE("scores that a large negative mask was added to do not set the range") {
    const auto low = [](const std::vector<float>& values) {
        return scale_of({values.data(), 1, values.size()}, ScaleKind::linear).low;
    };
    CHECK(low({-1e9F, -3, 2, -1e9F}) == -3);
    CHECK(low({-9998, -3, 2, -10001}) == -3);
    CHECK(low({-3.4e38F, 0.5F, 1}) == 0.5F);
    // Where there is no gap these are numbers like others.
    CHECK(low({-1e4F, -2000, 5}) == -1e4F);
    CHECK(low({-1e9F, -2e9F}) == -2e9F);
}

TEST_CASE("limits of the colours are numbers or percentiles") {
    CHECK(color_limit("0.5", "--vmax").value == 0.5);
    CHECK_FALSE(color_limit("0.5", "--vmax").is_percentile);
    CHECK(color_limit("p99.5", "--vmax").value == 99.5);
    CHECK(color_limit("p0", "--vmin").is_percentile);
    for (const char* const wrong :
         {"", "p", "p-1", "p100.1", "pp9", "99p", "p 9", "pnan", "99%", "P99"}) {
        INFO(wrong);
        CHECK_THROWS_WITH(color_limit(wrong, "--vmax"),
                          Catch::StartsWith("--vmax ") && Catch::Contains("a percentile from p0"));
    }
}

TEST_CASE("a percentile lies between two values as in numpy") {
    CHECK(percentile({4, 1, 3, 2}, 0) == 1);
    CHECK(percentile({4, 1, 3, 2}, 100) == 4);
    CHECK(percentile({4, 1, 3, 2}, 50) == Approx(2.5));
    CHECK(percentile({4, 1, 3, 2}, 99) == Approx(3.97));
    CHECK(percentile({7}, 99) == 7);
}

TEST_CASE("a percentile ends the colours, unless it leaves no range") {
    std::vector<float> values;
    for (int i = 0; i <= 100; ++i) values.push_back(static_cast<float>(i));
    const std::vector<attn::MatrixView<const float>> parts{{values.data(), 1, values.size()}};
    const ColorScale whole{ScaleKind::linear, 0, 100};
    const ColorScale both = limited(whole, ColorLimit{1, true}, ColorLimit{99, true}, parts);
    CHECK(both.low == Approx(1));
    CHECK(both.high == Approx(99));
    CHECK(limited(whole, std::nullopt, ColorLimit{50, true}, parts).high == Approx(50));
    CHECK(limited(whole, ColorLimit{60, false}, ColorLimit{50, true}, parts).low == 60);
    std::vector<float> zeros(1000, 0.0F);
    zeros[5] = 1;
    const std::vector<attn::MatrixView<const float>> sparse{{zeros.data(), 1, zeros.size()}};
    CHECK(limited({ScaleKind::linear, 0, 1}, std::nullopt, ColorLimit{99, true}, sparse).high == 1);
    CHECK(limited({ScaleKind::log, 1e-6, 1}, ColorLimit{1, true}, std::nullopt, sparse).low ==
          1e-6);
    CHECK(limited(whole, std::nullopt, ColorLimit{99, true}, {}).high == 100);
}

TEST_CASE("the ends of a range are written with three digits, or as many as it takes") {
    const auto ends = [](ScaleKind kind, double low, double high) {
        const auto both = end_ticks({kind, low, high});
        return both[0].text + " " + both[1].text;
    };
    CHECK(ends(ScaleKind::linear, 0, 0.98437) == "0 0.984");
    CHECK(ends(ScaleKind::linear, 0.5, 0.5001) == "0.5 0.5001");
    CHECK(ends(ScaleKind::log, 1.2345e-6, 1) == "1.23e-06 1");
}
