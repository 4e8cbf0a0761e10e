#include "core/magnitude.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

using attn::is_finite;
using attn::largest_magnitude;

TEMPLATE_TEST_CASE("one value that is no number shows among many", "", float, double) {
    constexpr TestType infinity = std::numeric_limits<TestType>::infinity();
    std::vector<TestType> values(1001, TestType{-3});
    values[7] = TestType{2.5};
    CHECK(largest_magnitude(values.data(), values.size()) == TestType{3});
    const TestType nan = std::numeric_limits<TestType>::quiet_NaN();
    for (const TestType broken : {infinity, -infinity, nan, -nan}) {
        for (const std::size_t place : {0, 500, 1000}) {
            std::vector<TestType> some = values;
            some[place] = broken;
            CHECK_FALSE(is_finite(largest_magnitude(some.data(), some.size())));
        }
    }
}

TEMPLATE_TEST_CASE("the largest and the smallest numbers are numbers", "", float, double) {
    using Limits = std::numeric_limits<TestType>;
    const std::vector<TestType> values{Limits::denorm_min(), -Limits::max(), TestType{-0.0}};
    CHECK(largest_magnitude(values.data(), 3) == Limits::max());
    CHECK(is_finite(largest_magnitude(values.data(), 3)));
    CHECK(largest_magnitude(values.data(), 1) == Limits::denorm_min());
    CHECK(largest_magnitude(values.data(), 0) == TestType{0});
}
