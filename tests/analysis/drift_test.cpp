#include "analysis/drift.hpp"

#include <catch2/catch.hpp>
#include <random>

using namespace attn::analysis;

namespace {

// Rows of 8 numbers that a number moves by themselves, with noise and what that number moved.
Drift drift_of(std::size_t rows, double change, double noise, double first_row = 0) {
    std::mt19937 random(1);
    std::normal_distribution<double> normal;
    constexpr double kStep = 1e-4;
    Drift drift(1);
    for (std::size_t row = 0; row < rows; ++row) {
        std::vector<double> expected(8), moved(8), left(8);
        for (std::size_t i = 0; i < 8; ++i) {
            expected[i] = normal(random);
            moved[i] = expected[i] * (1 + kStep);
            left[i] = change * expected[i] + noise * normal(random) +
                      (row == 0 ? first_row * expected[i] : 0);
        }
        drift.add_row(expected.data(), moved.data(), left.data(), 8, kStep);
    }
    return drift;
}

}  // namespace

TEST_CASE("what follows a number drifts, noise does not") {
    CHECK(drift_of(20, 1e-3, 1e-3).is_real());
    CHECK(drift_of(20, 1e-3, 1e-3).change() == Approx(1e-3).epsilon(0.3));
    CHECK_FALSE(drift_of(20, 0, 1e-3).is_real());
}

TEST_CASE("one row that moved as a whole is no drift") {
    CHECK_FALSE(drift_of(20, 0, 1e-6, 1e-2).is_real());
}

TEST_CASE("what float32 does to a number is no drift, and of a few rows only what explains all") {
    CHECK_FALSE(drift_of(20, 2e-7, 0).is_real());
    CHECK(drift_of(3, 1e-4, 1e-6).is_real());
    CHECK_FALSE(drift_of(3, 1e-4, 1e-4).is_real());
}
