// Sums over the scores of a row: of any size, by every instruction set.
#include <catch2/catch.hpp>
#include <limits>
#include <vector>

#include "kernels/kernel_sets.hpp"
#include "kernels/kernels.hpp"

using attn::Kernels;

TEMPLATE_TEST_CASE("scores that are large and nearly the same differ by what they differ", "",
                   float, double) {
    // Steps of one sixteenth, exact in both types, around 1,000.
    std::vector<TestType> row{-std::numeric_limits<TestType>::infinity()};
    for (int i = 0; i < 99; ++i) row.push_back(TestType{1000} + TestType(i % 3) / TestType{16});
    for (const Kernels<TestType>* kernels : attn::runnable_kernels<TestType>()) {
        INFO(kernels->instruction_set);
        const attn::ScoreSums sums = kernels->sum_scores(row.data(), row.size());
        CHECK(sums.count == 99);
        CHECK(sums.sum / sums.count == Approx(1000.0625).epsilon(1e-12));
        CHECK(sums.squares / sums.count == Approx(2.0 / 3 / 256).epsilon(1e-6));
        const attn::ScoreSums one = kernels->sum_scores(row.data() + 1, 1);
        CHECK(one.squares == 0);
        attn::ScoreSums parts = kernels->sum_scores(row.data(), 40);
        parts.add(kernels->sum_scores(row.data() + 40, 60));
        CHECK(parts.squares == Approx(sums.squares).epsilon(1e-6));
    }
}

TEMPLATE_TEST_CASE("scores whose sum overflows to both sides are not taken for NaN", "", float,
                   double) {
    const TestType huge = std::numeric_limits<TestType>::max();
    std::vector<TestType> row;
    for (int i = 0; i < 64; ++i) row.push_back(i % 2 == 0 ? huge : -huge);
    for (const Kernels<TestType>* kernels : attn::runnable_kernels<TestType>()) {
        INFO(kernels->instruction_set);
        const attn::ScoreSums sums = kernels->sum_scores(row.data(), row.size());
        CHECK(sums.smallest == -huge);
        CHECK(sums.largest == huge);
    }
}
