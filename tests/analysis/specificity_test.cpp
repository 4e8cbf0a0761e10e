#include "analysis/specificity.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace attn;
using attn::analysis::specificity;

namespace {

std::optional<double> of(const std::vector<double>& cells, std::size_t rows) {
    return specificity<double>({cells.data(), rows, cells.size() / rows});
}

}  // namespace

TEST_CASE("targets that read the same have a specificity of 0, whatever their sums") {
    CHECK(of({0.5, 0.5, 0.25, 0.25}, 2).value() == Approx(0).margin(1e-15));
}

TEST_CASE("two targets that read different tokens have the divergence from their mean") {
    // JS of (1, 0) and (1/2, 1/2): (ln(4/3) + ln(2/3) / 2 + ln(2) / 2) / 2 over ln 2.
    CHECK(of({1, 0, 0, 1}, 2).value() == Approx(0.3112781245));
}

TEST_CASE("one target has no specificity, nor have rows without weight") {
    CHECK_FALSE(of({0.5, 0.5}, 1));
    CHECK_FALSE(of({0.5, 0.5, 0, 0}, 2));
}
