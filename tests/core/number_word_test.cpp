#include "core/number_word.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <sstream>

using attn::word_of_number;

TEST_CASE("a NaN is shown without its sign") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(word_of_number(nan) == "nan");
    CHECK(word_of_number(std::copysign(nan, -1.0)) == "nan");
}

TEST_CASE("all other numbers are shown as streams write them") {
    const double infinity = std::numeric_limits<double>::infinity();
    for (const double value : {0.0, -0.0, 1.0, -0.25, 1.0 / 3, 1e20, 1e-7, infinity, -infinity}) {
        std::ostringstream stream;
        stream << value;
        CHECK(word_of_number(value) == stream.str());
    }
}
