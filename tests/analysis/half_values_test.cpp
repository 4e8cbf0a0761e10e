#include "analysis/half_values.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "analysis/rounding.hpp"

using namespace attn;
using namespace attn::analysis;

namespace {

std::vector<double> rounded(Rounding type, std::size_t count) {
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; ++i)
        values[i] = round_to(type, std::exp(-0.01 * static_cast<double>(i)) / 7);
    return values;
}

std::string half_of(const std::vector<double>& values) {
    return half_precision_of(Span<const double>(values.data(), values.size()));
}

double sum_rounding(const std::vector<double>& values) {
    return half_rounding_of_sum(MatrixView<const double>{values.data(), 1, values.size()});
}

}  // namespace

TEST_CASE("numbers of 16 bits are known, whatever type holds them") {
    CHECK(half_of(rounded(Rounding::float16, 40)) == "float16");
    CHECK(half_of(rounded(Rounding::bfloat16, 40)) == "bfloat16");
    CHECK(half_of(rounded(Rounding::none, 40)).empty());
    CHECK(half_of({0, 1, 1, 0}).empty());
    CHECK(half_of({0.5, std::nan("")}) == "bfloat16");
}

TEST_CASE("rounding moves a sum by half a step of every weight at most") {
    for (const auto& [type, step] :
         {std::pair(Rounding::float16, 0x1p-11), std::pair(Rounding::bfloat16, 0x1p-8)}) {
        const std::vector<double> exact = rounded(Rounding::none, 300);
        const std::vector<double> values = rounded(type, 300);
        double sum = 0, moved = 0;
        for (std::size_t i = 0; i < values.size(); ++i)
            sum += exact[i], moved += std::abs(values[i] - exact[i]);
        CHECK(moved / sum <= sum_rounding(values));
        CHECK(sum_rounding(values) < 1.1 * step);
    }
    CHECK(sum_rounding(rounded(Rounding::none, 40)) == 0);
    // Keys that float16 rounds to nothing.
    std::vector<double> many(40000, 0);
    many[0] = 0.5;
    CHECK(sum_rounding(many) > 40000 * 2.9e-8);
}
