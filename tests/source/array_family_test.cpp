#include "source/array_family.hpp"

#include <catch2/catch.hpp>

using namespace attn::source;

using Keys = std::vector<std::string>;

TEST_CASE("arrays whose names differ in one number are a family, in the order of the numbers") {
    const auto families = find_families({"arr_0", "arr_1", "arr_10", "arr_2", "tokens"});
    REQUIRE(families.size() == 1);
    CHECK(families[0].pattern == "arr_*");
    CHECK(families[0].keys == Keys{"arr_0", "arr_1", "arr_2", "arr_10"});
    CHECK(families[0].numbers == std::vector<std::size_t>{0, 1, 2, 10});
}

TEST_CASE("numbers that all names share are no part of the pattern") {
    const auto families = find_families({"v2/step_030/attn1", "v2/step_100/attn1"});
    REQUIRE(families.size() == 1);
    CHECK(families[0].pattern == "v2/step_*/attn1");
    CHECK(families[0].numbers == std::vector<std::size_t>{30, 100});
}

TEST_CASE("a grid of names is a family along each number") {
    const auto families = find_families({"l0h0", "l0h1", "l1h0", "l1h1"});
    REQUIRE(families.size() == 4);
    CHECK(families[0].pattern == "l*h0");
    CHECK(families[2].pattern == "l0h*");
    CHECK(find_families({"W_Q", "W_K", "layer_3"}).empty());
    CHECK(find_families({"a_99999999999999999999", "a_99999999999999999998"}).empty());
}

TEST_CASE("a star stands for the number of a name, or for what holds it") {
    const Keys keys{"layers/0/attn", "layers/10/attn", "layers/9/attn", "layers/9/mlp", "layers/x"};
    CHECK(match_family("layers/*/attn", keys, "f").keys ==
          Keys{"layers/0/attn", "layers/9/attn", "layers/10/attn"});
    CHECK(match_family("*/9/attn", {"layers/9/attn"}, "f").numbers == std::vector<std::size_t>{0});
    CHECK(match_family("layers/*/mlp", keys, "f").numbers == std::vector<std::size_t>{9});
    CHECK(match_family("step_*", {"step_7b", "step_3b"}, "f").keys == Keys{"step_3b", "step_7b"});
}

TEST_CASE("a star that stands for anything else is refused") {
    const auto refused = [](const std::string& pattern, const Keys& keys, const std::string& text) {
        CHECK_THROWS_WITH(match_family(pattern, keys, "f.npz:" + pattern),
                          Catch::StartsWith("f.npz:" + pattern) && Catch::Contains(text));
    };
    refused("a_*", {"b_0"}, "matches no array");
    refused("*", {"a/b"}, "matches no array");
    refused("*_*", {"a_0"}, "one * stands for");
    refused("*_attn", {"encoder_attn", "decoder_attn"}, "differ in one number only");
    refused("a_*", {"a_0_0", "a_1_1"}, "differ in one number only");
    refused("a_*", {"a_01", "a_1"}, "have the same number");
}
