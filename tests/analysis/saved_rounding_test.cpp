// 16 bits are looked for first, then decimals.
#include "analysis/saved_rounding.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace attn;
using namespace attn::analysis;

namespace {

std::vector<double> rounded_sevenths(Rounding rounding) {
    std::vector<double> values;
    for (int i = 0; i < 64; ++i) values.push_back(round_to(rounding, i / 7.0 / 64));
    return values;
}

}  // namespace

TEST_CASE("what numbers were rounded to is told, and what that does to the sums of rows") {
    for (const Rounding rounding :
         {Rounding::float16, Rounding::bfloat16, Rounding::decimals2, Rounding::decimals3,
          Rounding::decimals4, Rounding::decimals5, Rounding::none}) {
        INFO(name_of(rounding));
        const std::vector<double> values = rounded_sevenths(rounding);
        CHECK(saved_rounding_of(Span<const double>(values.data(), values.size())) == rounding);
        const double of_sum = rounding_of_sum(MatrixView<const double>{values.data(), 4, 16});
        CHECK((of_sum > 0) == (rounding != Rounding::none));
    }
}
