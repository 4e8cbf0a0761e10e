#include "render/blocks.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace attn::render;

TEST_CASE("a bar grows by eighths of a character") {
    CHECK(bar(0, 4).empty());
    CHECK(bar(0.5, 4) == "██");
    CHECK(bar(1.0 / 32, 4) == "▏");
    CHECK(bar(0.90625, 4) == "███▋");
    CHECK(bar(7, 2) == "██");
    CHECK(bar(std::numeric_limits<double>::quiet_NaN(), 4).empty());
}

TEST_CASE("shades go from a blank to a full block") {
    CHECK(shades({0, 0.25, 0.5, 0.75, 1}) == " ░▒▓█");
    CHECK(shades({std::numeric_limits<double>::quiet_NaN()}) == "?");
}

TEST_CASE("two rows share a line of half blocks, and the colours end with it") {
    const std::string text = colored_halves({0, 1}, {1, 0});
    CHECK(text ==
          "\033[38;2;68;1;84m\033[48;2;253;231;36m▀"
          "\033[38;2;253;231;36m\033[48;2;68;1;84m▀\033[0m");
    CHECK(colored_halves({0}, {}) == "\033[38;2;68;1;84m▀\033[0m");
}
