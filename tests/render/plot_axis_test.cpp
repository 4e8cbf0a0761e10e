#include "render/plot_axis.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace attn::render;

TEST_CASE("the range of a plot holds all finite values") {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const ColorScale range =
        plot_range({-2, 3, kInfinity, std::numeric_limits<double>::quiet_NaN()}, ScaleKind::linear);
    CHECK(range.low < -2);
    CHECK(range.low > -3);
    CHECK(range.high > 3);
    CHECK(range.high < 4);
}

TEST_CASE("the range of a plot is none of length zero") {
    for (const double value : {0.0, 5.0, -5.0, 1e-300}) {
        const ColorScale range = plot_range({value, value}, ScaleKind::linear);
        CHECK(range.low < value);
        CHECK(range.high > value);
    }
    CHECK(plot_range({}, ScaleKind::log).high == 1);
}

TEST_CASE("a log axis is given up where values reach over less than a decade") {
    CHECK(plot_range({1, 1000}, ScaleKind::log).kind == ScaleKind::log);
    CHECK(plot_range({1, 0, 1000}, ScaleKind::log).low > 0);
    CHECK(plot_range({2, 3}, ScaleKind::log).kind == ScaleKind::linear);
}

TEST_CASE("of many values only as many get ticks as have room, the first and last among them") {
    std::vector<double> steps;
    for (int step = 0; step <= 50; ++step) steps.push_back(step * 1000);
    const ColorScale range = plot_range(steps, ScaleKind::linear);
    const auto ticks = ticks_at(steps, range, 300, Font::embedded(), 13);
    CHECK(ticks.size() > 3);
    CHECK(ticks.size() < 10);
    CHECK(ticks.front().text == "0");
    CHECK(ticks.back().text == "50000");
    const auto width = [&](const Tick& tick) {
        return static_cast<double>(Font::embedded().width(tick.text, 13));
    };
    for (std::size_t i = 0; i + 1 < ticks.size(); ++i)
        CHECK((range.position(ticks[i + 1].value) - range.position(ticks[i].value)) * 300 >
              (width(ticks[i]) + width(ticks[i + 1])) / 2);
}

TEST_CASE("numbers of a plot are short and exact") {
    CHECK(plot_number(143000) == "143000");
    CHECK(plot_number(2000000) == "2000000");
    CHECK(plot_number(0.1) == "0.1");
    CHECK(plot_number(1234567.5) == "1234567.5");
}
