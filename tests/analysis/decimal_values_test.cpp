// Numbers that were rounded to some decimals are told from those that were not.
#include "analysis/decimal_values.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

using namespace attn;
using namespace attn::analysis;

namespace {

// Weights between 0 and 1, many of them small.
template <class T>
std::vector<T> weights(int decimals) {
    std::mt19937 random(5);
    std::uniform_real_distribution<double> uniform(-9, 0);
    const double tens = std::pow(10.0, decimals);
    std::vector<T> values{0, 1};
    for (int i = 0; i < 300; ++i) {
        const double exact = std::exp(uniform(random));
        values.push_back(static_cast<T>(decimals > 0 ? std::round(exact * tens) / tens : exact));
    }
    return values;
}

template <class T>
int found_in(const std::vector<T>& values) {
    return decimals_of(Span<const T>(values.data(), values.size()));
}

}  // namespace

TEST_CASE("the decimals that numbers were rounded to are counted") {
    for (const int decimals : {2, 3, 4, 5}) {
        CHECK(found_in(weights<float>(decimals)) == decimals);
        CHECK(found_in(weights<double>(decimals)) == decimals);
    }
}

TEST_CASE("numbers of full precision have none") {
    CHECK(found_in(weights<float>(0)) == 0);
    CHECK(found_in(weights<double>(0)) == 0);
    // Six digits are as good as float32.
    CHECK(found_in(weights<double>(6)) == 0);
    CHECK(found_in(weights<float>(6)) == 0);
}

TEST_CASE("a few round numbers, and large ones, tell nothing") {
    std::vector<float> few;
    for (int i = 0; i < 400; ++i) few.push_back(0.15F * static_cast<float>(i % 6));
    CHECK(found_in(few) == 0);
    std::vector<float> large;
    for (int i = 0; i < 400; ++i) large.push_back(10'000 + 0.37F * static_cast<float>(i));
    CHECK(found_in(large) == 0);
    CHECK(found_in(std::vector<double>{}) == 0);
}
