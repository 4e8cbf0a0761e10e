#include "attention/overflow.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "core/error.hpp"

using namespace attn;

TEST_CASE("the guard names the layer, the token and the column") {
    std::vector<float> values(2 * 3 * 4, 1);
    const OverflowGuard guard{std::size_t{7}, false};
    CHECK_NOTHROW(guard.check(Array<float>({2, 3, 4}, values), "x"));
    values[3 * 4 + 2 * 4 + 1] = std::numeric_limits<float>::infinity();
    const Array<float> x({2, 3, 4}, values);
    CHECK_THROWS_WITH(guard.check(x, "the sum"),
                      Catch::StartsWith("layer 7, sequence 1, token 2, column 1: the sum is beyond "
                                        "the range of float32; compute with --precision f64"));
    CHECK_NOTHROW(OverflowGuard{std::size_t{7}, true}.check(x, "the sum"));
}

TEST_CASE("a float64 that overflows has no larger type to go to") {
    const Array<double> x({1, 1, 1}, {std::numeric_limits<double>::quiet_NaN()});
    CHECK_THROWS_WITH(OverflowGuard{}.check(x, "the sum"),
                      Catch::Contains("float64") && !Catch::Contains("--precision") &&
                          Catch::Contains("--allow-nonfinite"));
}
