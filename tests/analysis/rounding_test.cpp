#include "analysis/rounding.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

using namespace attn::analysis;

TEST_CASE("numbers are rounded to the nearest of their type, ties to even") {
    CHECK(round_to(Rounding::float16, 1 + 0x1p-11) == 1);
    CHECK(round_to(Rounding::float16, 1 + 0x1.8p-10) == 1 + 0x1p-9);
    CHECK(round_to(Rounding::float16, -0.1) == -0x1.998p-4);
    CHECK(round_to(Rounding::bfloat16, 1 + 0x1p-8) == 1);
    CHECK(round_to(Rounding::bfloat16, 3.14159) == 3.140625);
    CHECK(round_to(Rounding::none, 0.1) == 0.1);
}

TEST_CASE("decimals are steps of one size") {
    CHECK(round_to(Rounding::decimals4, 0.12345678) == Approx(0.1235).margin(1e-15));
    CHECK(round_to(Rounding::decimals2, -1.004) == Approx(-1).margin(1e-15));
    CHECK(round_to(Rounding::decimals5, 4e-6) == 0);
    CHECK(step_of(Rounding::decimals3, 123) == step_of(Rounding::decimals3, 0));
    CHECK(std::string(name_of(Rounding::decimals3)) == "3 decimals");
}

TEST_CASE("float16 has no numbers between the multiples of its smallest") {
    CHECK(round_to(Rounding::float16, 0x1p-26) == 0);
    CHECK(round_to(Rounding::float16, 0x1.8p-24) == 0x1p-23);
    CHECK(round_to(Rounding::bfloat16, 0x1p-26) == 0x1p-26);
}

TEST_CASE("what is not finite stays what it is") {
    CHECK(std::isnan(round_to(Rounding::float16, std::nan(""))));
    CHECK(round_to(Rounding::bfloat16, -INFINITY) == -INFINITY);
}

TEST_CASE("steps grow with the numbers") {
    CHECK(step_of(Rounding::float16, 1) == 0x1p-10);
    CHECK(step_of(Rounding::float16, 0.3) == 0x1p-12);
    CHECK(step_of(Rounding::bfloat16, -5) == 0x1p-5);
    CHECK(step_of(Rounding::float16, 0) == 0x1p-24);
    CHECK(step_of(Rounding::none, 1) == 0);
}
