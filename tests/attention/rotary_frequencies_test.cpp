#include "attention/rotary_frequencies.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace attn;

TEST_CASE("frequencies fall from 1 by the base") {
    const auto plain = rotary_frequencies(8, 10000);
    REQUIRE(plain.radians.size() == 4);
    CHECK(plain.radians[0] == 1);
    CHECK(plain.radians[1] == Approx(0.1));
    CHECK(plain.radians[3] == Approx(0.001));
    CHECK(plain.magnitude == 1);
}

TEST_CASE("the base is remembered however it is stretched") {
    RotaryScaling scaling;
    scaling.factor = 8;
    scaling.original_length = 16;
    for (const RotaryStretch kind : {RotaryStretch::none, RotaryStretch::linear,
                                     RotaryStretch::dynamic, RotaryStretch::llama3}) {
        scaling.kind = kind;
        CHECK(rotary_frequencies(8, 500000, scaling, 64).theta == 500000);
    }
}

TEST_CASE("linear scaling divides all of them") {
    RotaryScaling scaling;
    scaling.kind = RotaryStretch::linear;
    scaling.factor = 4;
    CHECK(rotary_frequencies(8, 10000, scaling).radians[1] == Approx(0.025));
}

TEST_CASE("dynamic scaling acts only beyond the original length") {
    RotaryScaling scaling;
    scaling.kind = RotaryStretch::dynamic;
    scaling.factor = 2;
    scaling.original_length = 100;
    CHECK(rotary_frequencies(8, 10000, scaling, 100).radians ==
          rotary_frequencies(8, 10000).radians);
    // base * (2 * 300 / 100 - 1)^(8/6)
    const double base = 10000 * std::pow(5, 8.0 / 6);
    CHECK(rotary_frequencies(8, 10000, scaling, 300).radians[2] ==
          Approx(rotary_frequencies(8, base).radians[2]));
}

TEST_CASE("llama3 leaves fast pairs, divides slow ones, and blends between") {
    RotaryScaling scaling;
    scaling.kind = RotaryStretch::llama3;
    scaling.factor = 8;
    scaling.original_length = 100;  // turns of the pairs: 15.9, 1.59, 0.159, 0.0159
    const auto plain = rotary_frequencies(8, 10000).radians;
    const auto stretched = rotary_frequencies(8, 10000, scaling).radians;
    CHECK(stretched[0] == plain[0]);
    CHECK(stretched[2] == Approx(plain[2] / 8));
    CHECK(stretched[3] == Approx(plain[3] / 8));
    CHECK((stretched[1] > plain[1] / 8 && stretched[1] < plain[1]));
}

TEST_CASE("YaRN leaves fast pairs, divides slow ones, and makes all longer") {
    RotaryScaling scaling;
    scaling.kind = RotaryStretch::yarn;
    scaling.factor = 4;
    scaling.original_length = 4096;
    const auto plain = rotary_frequencies(64, 10000).radians;
    const auto stretched = rotary_frequencies(64, 10000, scaling);
    CHECK(stretched.radians.front() == plain.front());
    CHECK(stretched.radians.back() == Approx(plain.back() / 4));
    CHECK(stretched.magnitude == Approx(0.1 * std::log(4.0) + 1));
    scaling.attention_factor = 1.25;
    CHECK(rotary_frequencies(64, 10000, scaling).magnitude == 1.25);
}
